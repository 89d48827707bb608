"""Batch handlers under test, as users test them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from xqueue_worker import Batch, Context, Fail, HandlerError, Retry, task
from xqueue_worker.handler import REGISTRY
from xqueue_worker.testing import AttemptRun, HeldArtifacts, HeldClock, run_batch, run_batch_async, run_task


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    known = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(known)


class Text(msgspec.Struct):
    text: str


def results(ctxs: list[Context], texts: list[Text]) -> list[Any]:
    for ctx, text in zip(ctxs, texts, strict=True):
        ctx.progress(50, text.text)
        ctx.log(f"reads {text.text}")
    if any(text.text == "poison" for text in texts):
        msg = "bad text"
        raise ValueError(msg)
    special = {"fail": Fail("never"), "retry": Retry(after=3)}
    return [special.get(text.text, [len(texts), ctx.state]) for ctx, text in zip(ctxs, texts, strict=True)]


def plain() -> Any:
    @task("texts.plain", batch=Batch(8, 1))
    def handler(ctxs: list[Context], texts: list[Text]) -> list[Any]:
        return results(ctxs, texts)

    return handler


def awaiting() -> Any:
    @task("texts.awaiting", batch=Batch(8, 1))
    async def handler(ctxs: list[Context], texts: list[Text]) -> list[Any]:
        return results(ctxs, texts)

    return handler


def in_child() -> Any:
    @task("texts.child", batch=Batch(8, 1), isolation="process", setup=lambda: "loaded")
    def handler(ctxs: list[Context], texts: list[Text]) -> list[Any]:
        return results(ctxs, texts)

    return handler


MAKERS = [plain, awaiting, in_child]


def texts(*words: Any) -> list[dict[str, Any]]:
    return [{"text": word} for word in words]


def kinds(runs: list[AttemptRun]) -> list[str | None]:
    return [run.error and run.error.kind for run in runs]


@pytest.mark.parametrize("make", MAKERS)
def test_each_item_has_a_run_of_its_own(make: Any) -> None:
    one, fail, retry, bad = run_batch(make(), texts("one", "fail", "retry", 7))

    assert (one.outcome, one.result[0]) == ("success", 3)
    assert one.result[1] == ("loaded" if make is in_child else None)
    assert kinds([one, fail, retry, bad]) == [None, "final", "retry", "invalid_payload"]
    assert [run.progress[-1].message for run in (one, fail)] == ["one", "fail"]
    assert [[line.message for line in run.logs] for run in (one, bad)] == [["reads one"], []]


@pytest.mark.parametrize("make", MAKERS)
async def test_so_it_has_in_an_async_test(make: Any) -> None:
    runs = await run_batch_async(make(), texts("one", "two"))

    assert [run.result[0] for run in runs] == [2, 2]


@pytest.mark.parametrize("make", MAKERS)
def test_a_poisonous_item_fails_alone_as_in_a_worker(make: Any) -> None:
    runs = run_batch(make(), texts("a", "b", "poison", "d"))

    assert kinds(runs) == [None, None, "error", None]
    assert [run.result[0] for run in runs if run.result] == [2, 2, 1]


@pytest.mark.parametrize("make", MAKERS)
def test_run_task_calls_with_lists_of_one(make: Any) -> None:
    handler = make()

    assert run_task(handler, {"text": "one"}).result[0] == 1
    retried = run_task(handler, {"text": "retry"}, max_retry=1)
    assert (retried.status, retried.delays) == ("failed", [3])
    failed = run_task(handler, {"text": "poison"})
    assert failed.error is not None
    assert failed.error.message == "ValueError: bad text"


@pytest.mark.parametrize("make", MAKERS)
def test_one_item_can_be_canceled_while_it_runs(make: Any) -> None:
    runs = run_batch(
        make(), texts("a", "b", "c"), on_progress=lambda running, _: running.item == 1 and running.cancel()
    )

    assert [run.outcome for run in runs] == ["success", "canceled", "success"]


@pytest.mark.parametrize("make", [plain, awaiting])
def test_time_can_pass_for_all(make: Any) -> None:
    clock = HeldClock()
    runs = run_batch(make(), texts("a", "b"), timeout=10, clock=clock, on_log=lambda _, __: clock.advance(10))

    assert kinds(runs) == ["process_timeout"] * 2


async def test_a_call_of_which_all_are_canceled_gets_a_cancellation() -> None:

    seen: list[str] = []

    @task("texts.patient", batch=Batch(8, 1))
    async def handler(ctxs: list[Context], _texts: list[Text]) -> list[None]:
        try:
            for ctx in ctxs:
                ctx.progress(1)
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return []

    runs = await run_batch_async(handler, texts("a", "b"), on_progress=lambda running, _: running.cancel())

    assert [run.outcome for run in runs] == ["canceled", "canceled"]
    assert seen == ["cancelled"]


def test_a_setup_may_take_the_model_that_all_of_them_name() -> None:
    def load(model: str | None) -> str:
        return f"loaded {model}"

    @task("texts.modelled", batch=Batch(8, 1), isolation="process", setup=load)
    def handler(ctxs: list[Context], _texts: list[Text]) -> list[Any]:
        return [ctx.state for ctx in ctxs]

    runs = run_batch(handler, texts("a", "b"), model="small")

    assert [run.result for run in runs] == ["loaded small"] * 2


def test_a_setup_that_fails_fails_all() -> None:
    @task("texts.unloadable", batch=Batch(8, 1), isolation="process", setup=lambda: 1 // 0)
    def handler(_ctxs: list[Context], _texts: list[Text]) -> list[None]: ...

    assert kinds(run_batch(handler, texts("a", "b"))) == ["setup", "setup"]


@pytest.mark.parametrize("wrong", [None, [1], (1, 2)])
def test_a_wrong_answer_is_the_error_of_all(wrong: Any) -> None:
    @task("texts.wrong", batch=Batch(8, 1))
    def handler(_ctxs: list[Context], _texts: list[Text]) -> Any:
        return wrong

    runs = run_batch(handler, texts("a", "b"))

    assert kinds(runs) == ["invalid_result"] * 2
    assert runs[0].error is not None
    assert "2 payloads" in runs[0].error.message


@pytest.mark.parametrize("is_async", [False, True])
def test_a_large_result_becomes_the_artifact_of_its_own_task(is_async: bool) -> None:  # noqa: FBT001
    answer = ["x" * 300_000, "small"]

    @task("texts.large", batch=Batch(8, 1))
    def handler(_ctxs: list[Context], _texts: list[Text]) -> list[str]:
        return answer

    @task("texts.large_awaiting", batch=Batch(8, 1))
    async def awaiting_handler(_ctxs: list[Context], _texts: list[Text]) -> list[str]:
        return answer

    artifacts = HeldArtifacts()
    large, small = run_batch(awaiting_handler if is_async else handler, texts("a", "b"), artifacts=artifacts)

    assert (large.result, small.result, small.artifact) == (None, "small", None)
    assert large.artifact is not None
    assert large.artifact.size == 300_002


def test_a_handler_without_batches_is_refused() -> None:
    @task("texts.single")
    def handler(_ctx: Context, _text: Text) -> None: ...

    with pytest.raises(HandlerError, match="one task at a time"):
        run_batch(handler, texts("a"))
    with pytest.raises(HandlerError, match="one payload at least"):
        run_batch(plain(), [])


async def test_within_a_loop_it_says_what_to_do_instead() -> None:
    with pytest.raises(RuntimeError, match=r"await run_batch_async"):
        run_batch(plain(), texts("a"))
