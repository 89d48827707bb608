"""One server as this worker knows it. Changed on the event loop only; told from any thread."""

from typing import Literal, NamedTuple

from xqueue_common.fleet import BackendInfo
from xqueue_worker.backends.address import address_of
from xqueue_worker.backends.breaker import Breaker, Permit, Standing
from xqueue_worker.backends.calls import Answer, Tried, rest_s, standing_of
from xqueue_worker.backends.choice import Candidate
from xqueue_worker.backends.health import Health
from xqueue_worker.backends.settings import PoolSettings, ServerSettings

_NEWEST = 0.2
"""How much the newest call counts in the latency."""
_MOST_ERROR = 200
"""Most of an error that every heartbeat carries, in characters."""


class Taken(NamedTuple):
    """A server that a call has got a place on."""

    server: "Server"
    permit: Permit


class Server:
    """What is known of a server, and whether it can take a call.

    Attributes:
        address: where it is.
        in_flight: calls under way.
        calls: those that have ended.
        failures: those of them that have failed.
        latency_s: of recent calls that went well, typically; None before the first.
        error: what went wrong last; None once something went well.
    """

    def __init__(self, index: int, settings: ServerSettings, pool: PoolSettings) -> None:
        self.address = address_of(settings.url)
        self.in_flight = 0
        self.calls = 0
        self.failures = 0
        self.latency_s: float | None = None
        self.error: str | None = None
        self._pool = pool.name
        self._index = index
        self._weight = settings.weight
        self._at_once = settings.concurrency or pool.concurrency
        self._breaker = Breaker(pool.breaker)
        self._health = Health(pool.health)
        self._up_after_ms = round(pool.health.up_after * pool.health.every_s * 1000)
        self._rests_until_ms = 0

    def lives(self, now_ms: int) -> bool:
        """Whether it takes calls, or will soon show that it does, if perhaps not one more at the moment."""
        admits = self._breaker.admits(now_ms) or self._breaker.probe_under_way
        return self._health.up and now_ms >= self._rests_until_ms and admits

    def free(self, now_ms: int) -> bool:
        """Whether it can take a call now."""
        return self.in_flight < self._at_once and self.lives(now_ms) and self._breaker.admits(now_ms)

    def back_in_ms(self, now_ms: int) -> int:
        """Return when it may live again at the earliest."""
        waits = (self._rests_until_ms - now_ms, self._breaker.open_until_ms - now_ms)
        return max(*waits, 0 if self._health.up else self._up_after_ms)

    @property
    def candidate(self) -> Candidate:
        """What a choice is made by."""
        return Candidate(self._index, self.address.base, self._weight, self.in_flight, self.latency_s)

    def begin(self) -> Taken:
        """Give a call a place; ``end`` or ``give_up`` takes it back."""
        self.in_flight += 1
        return Taken(self, self._breaker.begin())

    def end(self, permit: Permit, tried: Tried, *, took_s: float, now_ms: int) -> None:
        """Take in how a call went."""
        self.in_flight -= 1
        self.calls += 1
        standing = standing_of(tried)
        if standing is Standing.BAD:
            self.failures += 1
            self.error = tried.words
        else:
            self.error = None
            self._learn(took_s)
        self._rests_until_ms = max(self._rests_until_ms, now_ms + round(rest_s(tried) * 1000))
        if self._rests_until_ms > now_ms and isinstance(tried, Answer):
            self.error = tried.words
        self._breaker.end(permit, standing, now_ms)

    def give_up(self, permit: Permit, now_ms: int) -> None:
        """Take back the place of a call that was canceled: it says nothing of the server."""
        self.in_flight -= 1
        self._breaker.end(permit, Standing.UNKNOWN, now_ms)

    def checked(self, problem: str | None) -> bool:
        """Take in a health check; returns whether the server went down, or came up, with it."""
        changed = self._health.heard(well=problem is None)
        if problem is not None:
            self.error = problem
        elif changed and self._breaker.closed:
            self.error = None
        return changed

    def state(self, now_ms: int) -> Literal["up", "down", "open", "probing"]:
        """Return the one word for how it is; see ``BackendInfo``."""
        if not self._health.up:
            return "down"
        if self._breaker.closed:
            return "up"
        return "probing" if self._breaker.probing(now_ms) else "open"

    def info(self, now_ms: int) -> BackendInfo:
        """Return what is told of it."""
        state, rests = self.state(now_ms), now_ms < self._rests_until_ms
        return BackendInfo(
            pool=self._pool,
            url=self.address.base,
            state=state,
            in_flight=self.in_flight,
            calls=self.calls,
            failures=self.failures,
            latency_s=self.latency_s,
            error=(self.error or "")[:_MOST_ERROR] or None if state != "up" or rests else None,
        )

    def _learn(self, took_s: float) -> None:
        known = self.latency_s
        self.latency_s = took_s if known is None else known + _NEWEST * (took_s - known)
