import asyncio
import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from xqueue_worker import Context, Fail, HandlerError, Retry, task
from xqueue_worker.handler import REGISTRY
from xqueue_worker.testing import Backoff, HeldClock, LogLine, Progress, Running, run_task, run_task_async


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    known = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(known)


def test_what_is_logged_the_usual_way_is_told_too() -> None:
    @task("logs.plain")
    def logs(_ctx: Context, _payload: Any) -> None:
        logging.getLogger("users.library").warning("careful")

    @task("logs.awaiting")
    async def logs_on_loop(_ctx: Context, _payload: Any) -> None:
        logging.getLogger("users.library").info("by the way")

    told = [(line.level, line.message) for run in (run_task(logs), run_task(logs_on_loop)) for line in run.logs]

    assert told == [("warning", "careful"), ("info", "by the way")]


class Picture(msgspec.Struct):
    url: str
    size: int = 256


def plain() -> Any:
    @task("picture.plain", process_timeout=30)
    def handler(ctx: Context, picture: Picture) -> dict[str, Any]:
        ctx.progress(50, "half way")
        ctx.log(f"reads {picture.url}")
        return {"size": picture.size, "at": (1, 2)}

    return handler


def awaiting() -> Any:
    @task("picture.awaiting", process_timeout=30)
    async def handler(ctx: Context, picture: Picture) -> dict[str, Any]:
        await ctx.progress(50, "half way")
        ctx.log(f"reads {picture.url}")
        return {"size": picture.size, "at": (1, 2)}

    return handler


def in_child() -> Any:
    @task("picture.child", process_timeout=30, isolation="process")
    async def handler(ctx: Context, picture: Picture) -> dict[str, Any]:
        await ctx.progress(50, "half way")
        ctx.log(f"reads {picture.url}")
        return {"size": picture.size, "at": (1, 2)}

    return handler


@pytest.mark.parametrize("make", [plain, awaiting, in_child])
def test_a_handler_runs_and_all_it_says_is_told(make: Any) -> None:
    clock = HeldClock()

    run = run_task(make(), Picture("a.png"), clock=clock)

    assert (run.status, run.error, run.delays, len(run.attempts)) == ("success", None, [], 1)
    assert run.result == {"size": 256, "at": [1, 2]}  # as JSON has it
    assert run.progress == [Progress(50, "half way")]
    assert run.logs == [LogLine("info", "reads a.png", clock.now_ms())]
    assert (run.attempts[0].number, run.attempts[0].outcome, run.ignored_cancel) == (1, "success", False)


@pytest.mark.parametrize("make", [plain, awaiting, in_child])
async def test_so_it_does_in_an_async_test(make: Any) -> None:
    run = await run_task_async(make(), {"url": "a.png", "size": 2})

    assert (run.status, run.result["size"]) == ("success", 2)


@pytest.mark.parametrize("make", [plain, awaiting])
def test_it_may_be_named_by_its_type(make: Any) -> None:
    make()
    assert run_task(f"picture.{make.__name__}", {"url": "a"}).status == "success"


@pytest.mark.parametrize("make", [plain, awaiting])
def test_an_invalid_payload_names_the_field_and_is_not_tried_again(make: Any) -> None:
    run = run_task(make(), {"url": 3}, max_retry=3)

    assert run.status == "failed"
    assert run.error is not None
    assert (run.error.kind, run.error.retryable, len(run.attempts)) == ("invalid_payload", False, 1)
    assert "$.url" in run.error.message


def ending(how: Any, *, is_async: bool) -> Any:
    """A handler that returns what ``how`` returns, or raises it."""

    def end() -> Any:
        value = how()
        if isinstance(value, BaseException):
            raise value
        return value

    if is_async:

        @task("some.ending")
        async def handler(_ctx: Context, _payload: Any) -> Any:
            return end()

        return handler

    @task("some.ending")
    def plain_handler(_ctx: Context, _payload: Any) -> Any:
        return end()

    return plain_handler


ENDINGS = [
    (lambda: ValueError("bad luck"), "error", True, "ValueError: bad luck"),
    (lambda: SystemExit(3), "error", True, "SystemExit: 3"),
    (asyncio.CancelledError, "error", True, "CancelledError"),
    (lambda: Fail("never"), "final", False, "never"),
    (lambda: Retry("busy"), "retry", True, "busy"),
    (object, "invalid_result", False, "the result is no JSON"),
]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("how", "kind", "retryable", "words"), ENDINGS)
def test_errors_are_those_of_a_worker(how: Any, kind: str, retryable: bool, words: str, is_async: bool) -> None:  # noqa: FBT001
    run = run_task(ending(how, is_async=is_async))

    assert run.status == "failed"
    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == (kind, retryable)
    assert words in run.error.message
    assert (run.error.traceback is not None) == (kind == "error")
    assert run.result is None


class OfTheTest(BaseException):
    """As pytest's own for a test that fails or is too slow."""


def test_what_is_raised_at_the_test_is_not_taken_for_the_handlers() -> None:
    with pytest.raises(OfTheTest):
        run_task(ending(OfTheTest, is_async=False), max_retry=5)


def test_the_facts_are_given() -> None:
    @task("some.facts")
    def handler(ctx: Context, _payload: None) -> Any:
        return [ctx.task_id, ctx.attempt, ctx.tenant, ctx.labels, ctx.parents, ctx.remaining]

    parents = {"p": {"status": "success", "result": {"n": 1}}, "q": {"status": "failed"}}
    run = run_task(handler, task_id="t", attempt=3, tenant="acme", labels={"a": "b"}, parents=parents, timeout=7.5)

    told = {"p": {"status": "success", "result": {"n": 1}}, "q": {"status": "failed", "result": None}}
    assert run.result == ["t", 3, "acme", {"a": "b"}, told, 7.5]
    assert run_task(handler).result[1:] == [1, "default", {}, {}, 600]


def with_setup(setup: Any) -> Any:
    @task("some.model", isolation="process", setup=setup)
    def handler(ctx: Context, _payload: None) -> Any:
        if ctx.attempt == 1:
            raise Retry
        return ctx.state

    return handler


def test_setup_is_called_once_unless_its_state_is_given() -> None:
    calls: list[int] = []

    def setup() -> str:
        calls.append(1)
        return "model"

    assert (run_task(with_setup(setup), max_retry=1).result, len(calls)) == ("model", 1)
    assert (run_task(with_setup(setup), max_retry=1, state="fake").result, len(calls)) == ("fake", 1)


def test_a_task_may_name_its_model() -> None:
    @task("some.models", isolation="process", setup=lambda model: f"loaded {model}")
    def of_model(ctx: Context, _payload: Any) -> Any:
        return [ctx.model, ctx.state]

    assert run_task(of_model, model="big").result == ["big", "loaded big"]
    assert run_task(of_model).result == [None, "loaded None"]


def test_a_setup_that_fails_fails_the_attempt() -> None:
    def setup() -> None:
        raise OSError

    run = run_task(with_setup(setup))

    assert run.error is not None
    assert (run.status, run.error.kind) == ("failed", "setup")


def failing(times: int) -> Any:
    @task("some.flaky")
    def handler(ctx: Context, _payload: None) -> int:
        ctx.log(f"try {ctx.attempt}")
        if ctx.attempt <= times:
            raise OSError
        return ctx.attempt

    return handler


def test_it_is_tried_once_unless_told_otherwise() -> None:
    run = run_task(failing(1))
    assert (run.status, len(run.attempts), run.delays) == ("failed", 1, [])


def test_retries_double_their_delay_and_each_has_its_own_story() -> None:
    run = run_task(failing(3), max_retry=3)

    assert (run.status, run.result, run.delays) == ("success", 4, [1, 2, 4])
    assert [attempt.outcome for attempt in run.attempts] == ["failed", "failed", "failed", "success"]
    assert [[line.message for line in attempt.logs] for attempt in run.attempts] == [
        [f"try {number}"] for number in (1, 2, 3, 4)
    ]


def test_retries_come_to_an_end() -> None:
    run = run_task(failing(9), max_retry=2)
    assert (run.status, len(run.attempts), run.delays) == ("failed", 3, [1, 2])


@pytest.mark.parametrize(
    ("backoff", "chance", "delays"),
    [
        (Backoff("fixed", 500), 0.5, [0.5, 0.5, 0.5]),
        (Backoff(base_ms=1000, max_ms=1500), 0.5, [1, 1.5, 1.5]),
        (Backoff(jitter=0.5), 0.0, [0.5, 1, 2]),
        (Backoff(jitter=0.5), 1.0, [1.5, 3, 6]),
    ],
)
def test_delays_follow_the_back_off(backoff: Backoff, chance: float, delays: list[float]) -> None:
    assert run_task(failing(9), max_retry=3, backoff=backoff, chance=chance).delays == delays


def test_a_later_first_attempt_has_failed_before() -> None:
    run = run_task(failing(9), attempt=3, max_retry=3)
    assert ([attempt.number for attempt in run.attempts], run.delays) == ([3, 4], [4])


async def test_a_handler_chooses_its_delay() -> None:
    run = await run_task_async(ending(lambda: Retry(after=0.25), is_async=True), max_retry=1)
    assert (run.status, run.delays) == ("failed", [0.25])


def test_no_time_passes_unless_told() -> None:
    clock = HeldClock()

    @task("some.timed", process_timeout=30)
    def handler(ctx: Context, _payload: None) -> list[float]:
        before = ctx.remaining
        clock.advance(12.5)
        return [before, ctx.remaining]

    begun_ms = clock.now_ms()
    run = run_task(handler, timeout=60, clock=clock)

    assert run.result == [30, 17.5]
    assert clock.now_ms() - begun_ms == 12_500
    assert abs(HeldClock().monotonic_ms() / 1000 - time.monotonic()) < 3600


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        HeldClock().advance(-1)


def test_a_plain_handler_sees_that_its_time_is_over() -> None:
    clock = HeldClock()

    @task("some.slow")
    def handler(ctx: Context, _payload: None) -> str:
        assert not ctx.cancelled
        clock.advance(5)
        assert ctx.cancelled
        assert ctx.remaining == 0
        return "too late"

    run = run_task(handler, timeout=5, clock=clock)

    assert (run.status, run.result, run.attempts[0].outcome) == ("timeout", None, "process_timeout")
    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == ("process_timeout", True)
    assert "of 5 s" in run.error.message


async def waits_for_ever(ctx: Context, _payload: None) -> None:
    try:
        await ctx.progress(50)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ctx.log("cleaned up" if ctx.cancelled else "why?")
        raise


def pass_an_hour(running: Running, _progress: Progress) -> None:
    running.clock.advance(3600)


def cancel(running: Running, _said: object) -> None:
    running.cancel()


def test_an_async_handler_is_cancelled_when_its_time_is_over() -> None:
    run = run_task(task("some.wait")(waits_for_ever), on_progress=pass_an_hour)

    assert (run.status, run.logs[0].message, run.ignored_cancel) == ("timeout", "cleaned up", False)


def test_a_timeout_is_tried_again_with_a_new_deadline() -> None:
    @task("some.slow")
    async def handler(ctx: Context, _payload: None) -> float:
        if ctx.attempt == 1:
            await ctx.progress(1)
        return ctx.remaining

    run = run_task(handler, timeout=5, max_retry=1, on_progress=pass_an_hour)

    assert (run.status, run.result, run.delays) == ("success", 5, [1])
    assert [attempt.outcome for attempt in run.attempts] == ["process_timeout", "success"]


async def test_a_test_lets_time_pass_beside_the_handler() -> None:
    clock, waiting = HeldClock(), asyncio.Event()

    @task("some.wait")
    async def handler(_ctx: Context, _payload: None) -> None:
        waiting.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(run_task_async(handler, timeout=5, clock=clock))
    await waiting.wait()
    clock.advance(5)

    assert (await running).status == "timeout"


def test_time_may_pass_in_a_thread_of_the_handler() -> None:
    clock = HeldClock()

    @task("some.wait")
    async def handler(_ctx: Context, _payload: None) -> None:
        await asyncio.to_thread(clock.advance, 3600)
        await asyncio.Event().wait()

    assert run_task(handler, clock=clock).status == "timeout"


def test_a_cancelled_async_handler_ends_at_its_next_await() -> None:
    run = run_task(task("some.wait")(waits_for_ever), on_progress=cancel, max_retry=3)

    assert (run.status, run.error, len(run.attempts)) == ("canceled", None, 1)
    assert [line.message for line in run.logs] == ["cleaned up"]


async def test_awaiting_the_progress_itself_is_such_an_await() -> None:
    @task("some.steps")
    async def handler(ctx: Context, _payload: None) -> None:
        for percent in range(100):
            await ctx.progress(percent)

    assert (await run_task_async(handler, on_progress=cancel)).progress == [Progress(0)]


@pytest.mark.parametrize("in_loop", [False, True])
def test_a_cancelled_plain_handler_sees_it_and_returns(in_loop: bool) -> None:  # noqa: FBT001
    @task("some.steps")
    def handler(ctx: Context, _payload: None) -> str:
        for percent in range(100):
            ctx.log(f"{percent}", "debug")
            if ctx.cancelled:
                break
        return "unheard"

    run = asyncio.run(run_task_async(handler, on_log=cancel)) if in_loop else run_task(handler, on_log=cancel)

    assert (run.status, run.result, run.error, len(run.logs)) == ("canceled", None, None, 1)


def test_a_task_cancelled_after_its_time_was_over_is_not_tried_again() -> None:
    def both(running: Running, _progress: Progress) -> None:
        running.clock.advance(3600)
        running.cancel()

    run = run_task(task("some.wait")(waits_for_ever), on_progress=both, max_retry=3)

    assert (run.status, run.attempts[0].outcome, len(run.attempts)) == ("canceled", "process_timeout", 1)


async def ignores(ctx: Context, _payload: None) -> None:
    while True:
        try:
            await ctx.progress(1)
        except asyncio.CancelledError:
            ctx.log("no")


async def sleeps_on(ctx: Context, _payload: None) -> None:
    try:
        await ctx.progress(1)
    finally:
        for _ in range(3):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ctx.log("no")


@pytest.mark.parametrize("function", [ignores, sleeps_on])
@pytest.mark.parametrize("when", [cancel, pass_an_hour])
def test_a_handler_that_ignores_its_cancellation_is_told_and_left(function: Any, when: Any) -> None:
    run = run_task(task("some.stubborn")(function), on_progress=when, grace=0)

    assert (run.status, run.ignored_cancel) == ("canceled" if when is cancel else "timeout", True)


@pytest.mark.parametrize("function", [ignores, sleeps_on])
async def test_nothing_of_it_goes_on_in_the_loop_of_the_test(function: Any) -> None:
    before = asyncio.all_tasks()

    assert (await run_task_async(task("some.stubborn")(function), on_progress=cancel, grace=0)).ignored_cancel
    left = asyncio.all_tasks() - before  # of other tests too: the loop is theirs as well
    assert not [work for work in left if "OnLoop" in repr(work) or function.__qualname__ in repr(work)]


async def test_a_cancelled_test_takes_its_handler_along() -> None:
    waiting, ended = asyncio.Event(), asyncio.Event()

    @task("some.wait")
    async def handler(_ctx: Context, _payload: None) -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(run_task_async(handler))
    await waiting.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


@pytest.mark.parametrize("make", [plain, awaiting])
def test_what_a_callback_raises_fails_the_test(make: Any) -> None:
    def wrong(_running: Running, progress: Progress) -> None:
        assert progress.percent == 51

    with pytest.raises(AssertionError):
        run_task(make(), {"url": "a"}, on_progress=wrong, max_retry=3)


async def test_a_plain_handler_may_have_a_loop_of_its_own_in_an_async_test() -> None:
    @task("some.nested")
    def handler(_ctx: Context, _payload: None) -> bool:
        asyncio.run(asyncio.sleep(0))
        return threading.current_thread() is threading.main_thread()

    assert (await run_task_async(handler)).result is False


async def test_within_a_loop_it_says_what_to_use() -> None:
    with pytest.raises(RuntimeError, match="await run_task_async"):
        run_task(plain(), {"url": "a"})


def test_an_unknown_type_is_told_the_near_ones() -> None:
    plain()
    with pytest.raises(HandlerError, match=r"'picture.plan': is it 'picture.plain'"):
        run_task("picture.plan")
    with pytest.raises(HandlerError, match="import the module that registers it"):
        run_task("zzzzzzzz")


def test_a_function_that_is_no_handler_is_told_so() -> None:
    def handler(_ctx: Context, _payload: None) -> None:
        """Do nothing."""

    with pytest.raises(HandlerError, match=r"handler is no handler: decorate it with @task"):
        run_task(handler)
    task("some.one")(task("some.other")(handler))
    with pytest.raises(HandlerError, match=r"give the one that you mean, 'some.other', 'some.one'"):
        run_task(handler)


def test_an_annotation_that_cannot_be_used_is_told() -> None:
    @task("some.wrong")
    def handler(_ctx: Context, _payload: threading.Thread) -> None:
        """Do nothing."""

    with pytest.raises(HandlerError, match="annotation cannot be used"):
        run_task(handler)


def test_what_could_not_be_submitted_is_told() -> None:
    with pytest.raises(HandlerError, match="the payload of a test goes through JSON"):
        run_task(plain(), object())
    with pytest.raises(HandlerError, match="the parents of a test are"):
        run_task(plain(), {}, parents={"p": {"status": "succes"}})
    with pytest.raises(TypeError, match="tiemout"):
        run_task(plain(), {}, tiemout=3)  # type: ignore[call-arg]


def test_it_needs_no_broker() -> None:
    look = "import sys, xqueue_worker.testing; print([m for m in sys.modules if 'kafka' in m or 'redis' in m])"
    assert subprocess.check_output([sys.executable, "-c", look], text=True).strip() == "[]"


def test_the_example_of_the_readme_is_true() -> None:
    text = (Path(__file__).parents[3] / "services/worker/README.md").read_text()
    handlers = re.search(r"## Handlers\n.*?```python\n(.*?)```", text, re.DOTALL)
    tests = re.search(r"## Testing handlers\n.*?```python\n(.*?)```", text, re.DOTALL)
    assert handlers is not None
    assert tests is not None
    REGISTRY.pop("image.thumbnail", None)  # other tests have one of that type
    sys.modules["readme"] = ModuleType("readme")  # where annotations are looked up
    try:
        names = vars(sys.modules["readme"])
        exec(handlers[1], names)  # noqa: S102  # our own text
        exec(tests[1].replace("from my_project.tasks import thumbnail\n", ""), names)  # noqa: S102
        told = [function for name, function in list(names.items()) if name.startswith("test_")]
        assert len(told) == 3
        for test in told:
            test()
    finally:
        del sys.modules["readme"]
