"""Whether to try again, and after how long."""

import random
from collections.abc import Callable
from time import monotonic

from xqueue_client.errors import Refused, TooManyRequests, XQueueClientError

_FIRST_S, _LONGEST_S = 0.1, 5.0


class Tries:
    """The tries of one call: what is temporary is tried again, with pauses that grow, for `retry_for` seconds.

    With `once` only what was surely not worked on: requests that came too fast.
    """

    def __init__(
        self,
        retry_for: float,
        *,
        once: bool = False,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._give_up_at = clock() + retry_for
        self._again: tuple[type[XQueueClientError], ...] = (TooManyRequests,) if once else (XQueueClientError,)
        self._clock = clock
        self._chance = chance
        self._failed = 0

    def pause_s(self, error: XQueueClientError) -> float | None:
        """Return how long to wait before the next try; None if there is to be none."""
        if not (error.temporary and isinstance(error, self._again)):
            return None
        pause_s = self._backoff_s()
        if isinstance(error, Refused) and error.retry_after is not None:
            pause_s = max(pause_s, error.retry_after)
        return None if self._clock() + pause_s > self._give_up_at else pause_s

    def _backoff_s(self) -> float:
        """Half of it by chance, so that clients that failed together do not come back together."""
        self._failed += 1
        longest_s = min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._failed, 10))
        return longest_s * (1 + self._chance()) / 2
