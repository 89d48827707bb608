"""Rates over all gateways: the buckets are in Redis, and here while it is away."""

import asyncio
from collections import OrderedDict
from importlib.resources import files
from typing import NamedTuple

import structlog
from redis.asyncio import Redis

from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable
from xqueue_common.redis_calls import bounded
from xqueue_common.together import answer_each, fail_each
from xqueue_gateway.access.bucket import Taken, take
from xqueue_gateway.access.tiers import Rate

log = structlog.get_logger(__name__)

_SCRIPT = files("xqueue_gateway.access").joinpath("buckets.lua").read_text()
_AT_ONCE = 500
_REMEMBERED = 10_000
_FIELDS = 4


class _Wish(NamedTuple):
    bucket: str
    rate: Rate
    cost: int
    answer: asyncio.Future[Taken]


class Buckets:
    """The buckets are responsible for rates that hold over all gateways, in one call for many requests.

    While one call is under way the next gathers. Without Redis each gateway counts for itself: rates are there to
    be fair, and not worth refusing everybody.
    """

    def __init__(self, redis: Redis, *, prefix: str, clock: Clock) -> None:
        self._script = redis.register_script(_SCRIPT)
        self._prefix = prefix
        self._clock = clock
        self._waiting: list[_Wish] = []
        self._asking: asyncio.Task[None] | None = None
        self._own: OrderedDict[str, float] = OrderedDict()

    async def take(self, bucket: str, rate: Rate, cost: int = 1) -> Taken:
        """Take from a bucket."""
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Wish(bucket, rate, cost, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await answer

    async def _ask_all(self) -> None:
        try:
            while wishes := self._waiting[:_AT_ONCE]:
                taken = await self._ask(wishes)
                del self._waiting[: len(wishes)]
                answer_each([wish.answer for wish in wishes], taken)
        except BaseException as error:  # a mistake, or the end: nobody may wait for ever
            fail_each([wish.answer for wish in self._waiting], error)
            self._waiting.clear()
            if not isinstance(error, Exception):
                raise
        finally:
            self._asking = None

    async def _ask(self, wishes: list[_Wish]) -> list[Taken]:
        keys = [f"{self._prefix}{{rates}}{wish.bucket}" for wish in wishes]
        args = [n for wish in wishes for n in (wish.rate.most, wish.rate.within_ms, wish.cost)]
        try:
            async with bounded():
                flat: list[int] = await self._script(keys=keys, args=args)
        except Unavailable as error:
            log.debug("rates are counted here alone", error=str(error))
            return [self._take_here(wish) for wish in wishes]
        rows = (flat[i : i + _FIELDS] for i in range(0, len(flat), _FIELDS))
        return [Taken(bool(granted), left, wait_ms, full_ms) for granted, left, wait_ms, full_ms in rows]

    def _take_here(self, wish: _Wish) -> Taken:
        now_ms = self._clock.monotonic_ms()
        full, taken = take(self._own.pop(wish.bucket, 0.0), now_ms, wish.rate, wish.cost)
        self._own[wish.bucket] = full
        if len(self._own) > _REMEMBERED:
            self._own.popitem(last=False)
        return taken
