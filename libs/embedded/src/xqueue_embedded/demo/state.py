"""What the demo shows: gathered in one place, for the terminal and for plain lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from xqueue_client import Stats
from xqueue_embedded.demo.board import Board


@dataclass
class Shown:
    """All that there is to see at a moment.

    Attributes:
        url: where the gateway is.
        board: the demo's own tasks.
        stats: what the gateway counts, once it did.
        trouble: what keeps the demo from going on, at this moment.
    """

    url: str
    board: Board
    stats: Stats | None = None
    trouble: str = ""
    clock: Callable[[], float] = monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count the time."""
        self._began = self.clock()

    @property
    def age(self) -> str:
        """How long it has run, as minutes and seconds."""
        seconds = int(self.clock() - self._began)
        return f"{seconds // 60}:{seconds % 60:02}"

    @property
    def rate(self) -> float:
        """Tasks that succeeded, a second."""
        return self.stats.rates.get("success", 0.0) if self.stats else 0.0
