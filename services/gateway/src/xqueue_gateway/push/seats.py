"""How many may listen at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from xqueue_gateway import metrics
from xqueue_gateway.problems import unavailable

_AGAIN_S = 5


class Seats:
    """Bounds connections that last: so many of each kind, and together no more than the process may have files.

    Without the second bound the process could reach neither Kafka nor Redis any more once it ran out of files.
    """

    def __init__(self, *, most: int, files: int) -> None:
        self._most = most
        self._files = files
        self._taken: Counter[str] = Counter()

    def check(self, kind: str) -> None:
        """Do nothing if there is room for one more.

        Raises:
            Problem: 503, there is none.
        """
        if self._taken[kind] >= self._most:
            reason = f"{self._taken[kind]} {kind}s are open, no more are taken"
        elif (taken := self._taken.total()) >= self._files:
            reason = f"{taken} subscribers are connected, the system has no files for more"
        else:
            return
        part = "gateway"
        raise unavailable(part, reason, retry_after_s=_AGAIN_S)

    @contextmanager
    def taken(self, kind: str) -> Iterator[None]:
        """Hold a seat as long as the block lasts."""
        self.check(kind)
        self._taken[kind] += 1
        metrics.SUBSCRIBERS.inc()
        try:
            yield
        finally:
            self._taken[kind] -= 1
            metrics.SUBSCRIBERS.dec()
