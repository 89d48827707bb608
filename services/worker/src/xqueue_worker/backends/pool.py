"""A pool: who gets a call, and who gets it next if that one fails."""

from collections.abc import Sequence

import structlog

from xqueue_common.clock import Clock
from xqueue_common.fleet import BackendInfo
from xqueue_worker.backends.breaker import Permit
from xqueue_worker.backends.calls import Answer, Call, Next, Tried, next_of, rest_s
from xqueue_worker.backends.choice import choose
from xqueue_worker.backends.client import Client, Patience
from xqueue_worker.backends.errors import BackendOutcomeUnknown, BackendRefused, BackendUnavailable
from xqueue_worker.backends.room import Room
from xqueue_worker.backends.server import Server, Taken
from xqueue_worker.backends.settings import PoolSettings

log = structlog.get_logger(__name__)

_MIB = 1024 * 1024


class Pool:
    """Servers that can stand in for one another.

    Attributes:
        settings: what was said of it.
        servers: in the order of the settings.
        waiting: calls that wait for a place.
    """

    def __init__(self, settings: PoolSettings, client: Client, clock: Clock) -> None:
        self.settings = settings
        self.servers = tuple(Server(i, server, settings) for i, server in enumerate(settings.servers))
        self._client = client
        self._clock = clock
        self._room = Room()
        self._last = -1

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return self._room.waiting

    def infos(self) -> list[BackendInfo]:
        """Return what is told of its servers; from any thread."""
        now_ms = self._clock.monotonic_ms()
        return [server.info(now_ms) for server in self.servers]

    async def check(self, server: Server) -> None:
        """Ask a server whether it is well, and let calls know that wait for that."""
        health = self.settings.health
        problem = await self._client.check(server.address, health.path, health.timeout_s)
        if server.checked(problem):
            log.info("backend changed", pool=self.settings.name, url=server.address.base, problem=problem)
            self._room.changed()

    async def send(self, call: Call, within_s: float) -> Answer:
        """Send a call to one server after the other, each at most once, until one has done it.

        Raises:
            BackendUnavailable: none could take it, or each that took it has failed.
            BackendRefused: the request itself is wrong.
            BackendOutcomeUnknown: it is not idempotent, and may have been done.
        """
        end_ms = self._clock.monotonic_ms() + round(within_s * 1000)
        tried: dict[Server, Tried] = {}
        while True:
            taken = await self._take(call, tried, end_ms)
            tried[taken.server] = came = await self._try(taken, call, end_ms)
            following = next_of(came, idempotent=call.idempotent)
            if following is Next.RETURN and isinstance(came, Answer):
                return came
            if following is not Next.ELSEWHERE:
                raise _error(self.settings.name, following, came)
            log.info("backend failed", pool=self.settings.name, words=came.words)

    async def _try(self, taken: Taken, call: Call, end_ms: int) -> Tried:
        began_ms = self._clock.monotonic_ms()
        left_s = max(0.001, (end_ms - began_ms) / 1000)
        settings, came = self.settings, None
        patience = Patience(settings.connect_s, min(settings.timeout_s, left_s), settings.max_answer_mb * _MIB)
        try:
            came = await self._client.post(taken.server.address, call, patience)
        finally:
            self._ended(taken.server, taken.permit, came, began_ms)
        return came

    def _ended(self, server: Server, permit: Permit, came: Tried | None, began_ms: int) -> None:
        now_ms = self._clock.monotonic_ms()
        if came is None:  # canceled, or its body could not be made: not the server's fault
            server.give_up(permit, now_ms)
        else:
            server.end(permit, came, took_s=(now_ms - began_ms) / 1000, now_ms=now_ms)
        self._room.changed()

    async def _take(self, call: Call, tried: dict[Server, Tried], end_ms: int) -> Taken:
        give_up_ms = min(end_ms, self._clock.monotonic_ms() + round(self.settings.wait_s * 1000))
        while True:
            now_ms = self._clock.monotonic_ms()
            left = [server for server in self.servers if server not in tried]
            if free := [server for server in left if server.free(now_ms)]:
                return self._choose(free, call.key).begin()
            if now_ms >= give_up_ms or not any(server.lives(now_ms) for server in left):
                raise self._unavailable(left, tried, now_ms)
            await self._room.wait((give_up_ms - now_ms) / 1000)

    def _choose(self, free: Sequence[Server], key: str) -> Server:
        of = {server.candidate: server for server in free}
        chosen = choose(self.settings.policy, list(of), last=self._last, key=key)
        self._last = chosen.place
        return of[chosen]

    def _unavailable(self, left: Sequence[Server], tried: dict[Server, Tried], now_ms: int) -> BackendUnavailable:
        why = "; ".join([*(came.words for came in tried.values()), *_reasons(left, now_ms)])
        back_ms = min(server.back_in_ms(now_ms) for server in self.servers)
        after = back_ms / 1000 or None
        return BackendUnavailable(f"no server of pool {self.settings.name!r} can take the call: {why}", after=after)


def _error(pool: str, following: Next, came: Tried) -> Exception:
    words = f"pool {pool!r}: {came.words}"
    if following is Next.LATER:
        return BackendUnavailable(words, after=rest_s(came))
    if isinstance(came, Answer) and following is Next.REFUSED:
        return BackendRefused(words, status=came.status)
    return BackendOutcomeUnknown(f"{words}; it may have been done, and the call is not idempotent")


def _reasons(servers: Sequence[Server], now_ms: int) -> list[str]:
    infos = [server.info(now_ms) for server in servers]
    return [
        f"{info.url} has {info.in_flight} calls" if server.lives(now_ms) else f"{info.url} is {_why(info)}"
        for server, info in zip(servers, infos, strict=True)
    ]


def _why(info: BackendInfo) -> str:
    return f"{info.state} ({info.error})" if info.error else info.state
