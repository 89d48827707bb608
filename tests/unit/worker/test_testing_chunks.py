"""What a handler emits can be seen in its tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from xqueue_worker import Batch, Context, Retry, task
from xqueue_worker.handler import REGISTRY
from xqueue_worker.testing import Running, run_batch, run_task


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    known = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(known)


def test_chunks_stand_in_their_attempt_after_their_way_through_json() -> None:
    @task("emits.twice")
    async def emits(ctx: Context, _payload: Any) -> str:
        await ctx.emit({"pair": (ctx.attempt, 2)})
        if ctx.attempt == 1:
            raise Retry
        await ctx.emit("last")
        return "done"

    run = run_task(emits, max_retry=1)

    assert [attempt.emitted for attempt in run.attempts] == [[{"pair": [1, 2]}], [{"pair": [2, 2]}, "last"]]
    assert run.emitted == [{"pair": [2, 2]}, "last"]


def test_a_test_may_act_when_it_has_seen_a_chunk() -> None:
    @task("emits.on")
    def emits(ctx: Context, _payload: Any) -> None:
        for number in range(100):
            if ctx.cancelled:
                return
            ctx.emit(number)

    def enough(running: Running, chunk: Any) -> None:
        if chunk == 2:
            running.cancel()

    run = run_task(emits, on_emit=enough)

    assert (run.status, run.emitted) == ("canceled", [0, 1, 2])


def test_a_bad_chunk_fails_the_task_for_good() -> None:
    @task("emits.badly")
    def emits(ctx: Context, _payload: Any) -> None:
        ctx.emit(object())

    run = run_task(emits, max_retry=3)

    assert run.error is not None
    assert (run.status, run.error.kind, len(run.attempts), run.emitted) == ("failed", "final", 1, [])


def test_each_task_of_a_batch_emits_for_itself() -> None:
    @task("emits.together", batch=Batch(max_size=2, max_wait=1))
    def emits(ctxs: list[Context], names: list[str]) -> list[None]:
        for ctx, name in zip(ctxs, names, strict=True):
            ctx.emit(name)
        return [None for _ in ctxs]

    assert [run.emitted for run in run_batch(emits, ["one", "other"])] == [["one"], ["other"]]
