"""Rates are asked for together, and nobody waits for an answer that will not come."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from unit.gateway.made import HeldClock

from xqueue_common.errors import Unavailable
from xqueue_gateway.access.buckets import Buckets
from xqueue_gateway.access.tiers import Rate

ONE_A_MINUTE = Rate(1, 60_000)


class PlayedRedis:
    """Answers each call of the script with the next of what it was given."""

    def __init__(self, *answers: list[int] | Exception) -> None:
        self._answers = list(answers)
        self.calls: list[list[str]] = []

    def register_script(self, _text: str) -> Any:
        return self._script

    async def _script(self, keys: Sequence[str], args: Sequence[int]) -> list[int]:  # noqa: ARG002  # by its name
        self.calls.append(list(keys))
        await asyncio.sleep(0)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def buckets(redis: Any) -> Buckets:
    return Buckets(redis, prefix="xq", clock=HeldClock())


async def test_those_who_come_meanwhile_are_asked_for_together() -> None:
    redis = PlayedRedis([1, 0, 0, 60_000], [1, 0, 0, 60_000, 0, 0, 60_000, 60_000])
    rates = buckets(redis)
    first = asyncio.create_task(rates.take("a", ONE_A_MINUTE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(rates.take(name, ONE_A_MINUTE)) for name in ("b", "c")]

    taken = await asyncio.gather(first, *others)

    assert [one.granted for one in taken] == [True, True, False]
    assert redis.calls == [["xq{rates}a"], ["xq{rates}b", "xq{rates}c"]]


async def test_without_redis_each_gateway_counts_alone() -> None:
    part = "redis"
    rates = buckets(PlayedRedis(Unavailable(part, "gone"), Unavailable(part, "gone")))

    assert (await rates.take("a", ONE_A_MINUTE)).granted
    assert not (await rates.take("a", ONE_A_MINUTE)).granted


async def test_a_mistake_is_told_to_all_who_wait_and_the_next_are_answered() -> None:
    rates = buckets(PlayedRedis(ZeroDivisionError(), [1, 0, 0, 60_000]))

    failed = await asyncio.gather(*(rates.take("a", ONE_A_MINUTE) for _ in range(2)), return_exceptions=True)

    assert [type(outcome) for outcome in failed] == [ZeroDivisionError] * 2
    async with asyncio.timeout(10):
        assert (await rates.take("a", ONE_A_MINUTE)).granted


@pytest.mark.parametrize("times", [2, 3])
async def test_one_who_gives_up_harms_no_other(times: int) -> None:
    rates = buckets(PlayedRedis([1, 0, 0, 60_000] * times))
    gone, *stay = (asyncio.create_task(rates.take("a", ONE_A_MINUTE)) for _ in range(times))
    await asyncio.sleep(0)
    gone.cancel()

    assert all(taken.granted for taken in await asyncio.gather(*stay))
