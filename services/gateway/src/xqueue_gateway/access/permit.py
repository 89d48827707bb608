"""How long somebody who was let in may stay: the hook by which a revoked key or an old token ends its streams."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from litestar.types import Scope

OnEnd = Callable[[str], None]
"""Called once, with why it is over, in words for the client; must not block or raise."""

_PLACE = "xqueue_permit"


class Permit:
    """Somebody's leave to listen. One may stand for all connections of a key.

    Only touched from the event loop's thread. Whoever finds that it is over calls ``end``; a second call does
    nothing.
    """

    def __init__(self, judge: Callable[[], str | None] = lambda: None) -> None:
        """Make one; ``judge`` says why it is over, or None as long as it is not."""
        self._judge = judge
        self._over: str | None = None
        self._watching: set[OnEnd] = set()

    def end(self, why: str) -> None:
        """End it, and all that hangs on it."""
        if self._over is None:
            self._over = why
            for on_end in tuple(self._watching):
                on_end(why)

    @property
    def over(self) -> str | None:
        """Why it is over, judged now; None as long as it holds."""
        return self._over or self._judge()

    @contextmanager
    def watched(self, on_end: OnEnd) -> Iterator[None]:
        """Have ``on_end`` called, at once if it is over already, or when it ends while the block lasts."""
        self._watching.add(on_end)
        try:
            if self._over is not None:
                on_end(self._over)
            yield
        finally:
            self._watching.discard(on_end)


EVERLASTING = Permit()
"""That of somebody who needs no key."""


def give_permit(scope: Scope, permit: Permit) -> None:
    """Note how long somebody may stay, for a request that may last."""
    cast("dict[str, Any]", scope)[_PLACE] = permit


def permit_of(scope: Scope) -> Permit:
    """Return how long somebody may stay; for ever if nobody has said anything else."""
    found: Permit = cast("dict[str, Any]", scope).get(_PLACE, EVERLASTING)
    return found
