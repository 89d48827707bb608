"""How long to wait before the next attempt at something that failed."""

import random
from collections.abc import Callable

_FIRST_S = 0.2
_LONGEST_S = 10.0


class Backoff:
    """Waits that double from 0.2 s up to 10 s; each is shortened by up to half, by chance.

    Chance keeps many notifiers from knocking at a broker at the same instant when it comes back.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next_s = _FIRST_S

    def next_s(self) -> float:
        """Return the seconds to wait now; the next wait is longer."""
        wait_s = self._next_s * (1 - self._chance() / 2)
        self._next_s = min(self._next_s * 2, _LONGEST_S)
        return wait_s

    def reset(self) -> None:
        """Begin again with a short wait: it worked."""
        self._next_s = _FIRST_S
