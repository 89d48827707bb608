import asyncio
import time
from typing import Any

import msgspec
import pytest

from xqueue_common.events import Progress
from xqueue_worker.context import MAX_LINES, MAX_MESSAGE, Context, Facts
from xqueue_worker.said import LogLine, Said


@pytest.fixture
def said() -> list[Said]:
    return []


@pytest.fixture
def ctx(said: list[Said]) -> Context:
    return Context(Facts("task", 2, "tenant", {"a": "b"}, time.monotonic() + 60), said.append)


def test_it_tells_what_the_handler_may_know(ctx: Context) -> None:
    assert (ctx.task_id, ctx.attempt, ctx.tenant, ctx.labels, ctx.cancelled) == (
        "task",
        2,
        "tenant",
        {"a": "b"},
        False,
    )
    assert 0 < ctx.remaining <= 60


def context(told: bytes) -> Context:
    return Context(Facts("task", 1, "tenant", {}, 0, told), lambda _: None)


def test_parents_are_read_when_they_are_asked_for_and_once() -> None:
    ctx = context(b'{"a":{"status":"success","result":{"n":1}},"b":{"status":"failed","result":null}}')

    assert ctx.parents == {
        "a": {"status": "success", "result": {"n": 1}},
        "b": {"status": "failed", "result": None},
    }
    assert ctx.parents is ctx.parents


def test_a_result_that_was_too_large_to_be_told_says_so() -> None:
    told = context(b'{"a":{"status":"success","omitted":true}}').parents

    assert told == {"a": {"status": "success", "result": None, "omitted": True}}


def test_what_depends_on_nothing_has_no_parents() -> None:
    assert context(b"").parents == {}


async def test_progress_may_be_awaited_and_need_not_be(ctx: Context, said: list[Said]) -> None:
    ctx.progress(10)
    await ctx.progress(20, "a fifth")

    assert said == [Progress(10), Progress(20, "a fifth")]


async def test_awaiting_progress_lets_a_cancellation_in(ctx: Context) -> None:
    async def busy() -> None:
        while True:
            await ctx.progress(1)

    task = asyncio.create_task(busy())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("given", "told"), [(-1, 0), (101, 100), (float("nan"), 0), (float("inf"), 100)])
def test_percent_stays_within_its_bounds(ctx: Context, said: list[Said], given: float, told: float) -> None:
    ctx.progress(given)
    assert said == [Progress(told)]


@pytest.mark.parametrize("level", ["critical", "INFO", 20, None, ["info"]])
def test_a_level_that_there_is_not_is_refused_by_name(ctx: Context, said: list[Said], level: Any) -> None:
    with pytest.raises(ValueError, match="one of debug, info, warning, error, not "):
        ctx.log("hello", level)
    assert said == []


def test_messages_are_bounded_and_can_be_written(ctx: Context, said: list[Said]) -> None:
    ctx.log("x" * 10_000)
    ctx.log("\ud800")
    ctx.progress(1, "\udfff")

    assert isinstance(said[0], LogLine)
    assert len(said[0].message) == MAX_MESSAGE
    assert msgspec.json.encode(said)


def test_lines_are_bounded_and_the_last_one_says_so(ctx: Context, said: list[Said]) -> None:
    for number in range(2 * MAX_LINES):
        ctx.log(f"{number}", "debug")

    assert len(said) == MAX_LINES
    last = said[-1]
    assert isinstance(last, LogLine)
    assert (last.level, "dropped" in last.message) == ("warning", True)
