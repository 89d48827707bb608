"""Who may go on listening: what hangs on a key ends when it is revoked, what hangs on a token when that is over."""

import asyncio
from weakref import WeakValueDictionary

from xqueue_common.clock import Clock
from xqueue_gateway.access.keys import KeyRing
from xqueue_gateway.access.permit import EVERLASTING, Permit
from xqueue_gateway.access.principal import Principal

_EVERY_S = 1.0

_Leave = tuple[str, int | None]
"""The id of a key (or the subject of a token), and when its token runs out in ms."""


class Permits:
    """The permits are responsible for no stream outliving what let it in by more than moments."""

    def __init__(self, *, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._given: WeakValueDictionary[_Leave, Permit] = WeakValueDictionary()

    def of(self, who: Principal) -> Permit:
        """Return somebody's permit: one for all streams that end together."""
        if who.believed:
            return EVERLASTING
        leave = (who.actor, who.until_ms)
        return self._given.setdefault(leave, Permit(lambda: self._over(leave)))

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self.round()

    def round(self) -> int:
        """End what is over; return how much that was."""
        over = [(permit, why) for permit in self._given.values() if (why := permit.over) is not None]
        for permit, why in over:
            permit.end(why)
        return len(over)

    def _over(self, leave: _Leave) -> str | None:
        actor, until_ms = leave
        if until_ms is not None and until_ms <= self._clock.now_ms():
            return "the token has run out: get a new one, and connect again"
        if actor.startswith("key_") and not self._ring.good(actor):
            return "the key has been revoked or has expired"
        return None
