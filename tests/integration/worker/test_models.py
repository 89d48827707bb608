"""Models in the memory of a simulated GPU: loaded once, evicted when room is needed, never more than fits."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from integration.worker import tried_models
from integration.worker.played import PlayedScheduler, RunningWorker, Start
from integration.worker.test_stopping import alive
from integration.worker.tried_models import Load, loads
from support.eventually import eventually

from xqueue_common.fleet import WorkerInfo
from xqueue_common.task import Resources

GPU_MB = 1000


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the handlers of this test write."""
    monkeypatch.setenv(tried_models.NOTES, str(tmp_path / "loads"))


@pytest.fixture
async def worker(start_worker: Start) -> RunningWorker:
    """A worker with a GPU, the second of two."""
    return await start_worker(fake_gpus=f"1GB,{GPU_MB}MB", gpu="1", cancel_grace_s=5.0)


async def submitted(
    scheduler: PlayedScheduler, model: str | None, mb: int = 400, *, payload: Any = None, kind: str = "run"
) -> str:
    """Submit a task of a model."""
    resources = Resources(gpu_memory_mb=mb) if mb else None
    [task_id] = await scheduler.submit(
        f"model.{kind}", payload=payload, model=model, resources=resources, max_retry=0
    )
    return task_id


async def ran(scheduler: PlayedScheduler, model: str | None, mb: int = 400, **more: Any) -> Any:
    """Run a task of a model and return its result."""
    task_id = await submitted(scheduler, model, mb, **more)
    result = await scheduler.result(task_id)
    await scheduler.ended(task_id)
    return result


async def begun(scheduler: PlayedScheduler, model: str, mb: int) -> str:
    """Have a task run that waits for its end, and return it once its model is there."""
    task_id = await submitted(scheduler, model, mb, payload="wait")
    await eventually(lambda: model in [one.model for one in loads()])
    return task_id


async def error_of(scheduler: PlayedScheduler, task_id: str) -> tuple[str, bool]:
    report = await scheduler.only_report(task_id)
    assert report.error is not None, report
    return report.error.kind, report.error.retryable


async def told(scheduler: PlayedScheduler) -> WorkerInfo:
    """Return what the worker tells of itself."""
    [view] = await scheduler.cell.workers()
    return msgspec.json.decode(view.info, type=WorkerInfo)


async def holds(scheduler: PlayedScheduler, *models: str) -> None:
    """Wait until the worker tells that it holds these."""

    async def look() -> bool:
        assert (await told(scheduler)).models == list(models)
        return True

    await eventually(look)


async def test_a_process_sees_the_gpu_of_its_worker_alone(
    scheduler: PlayedScheduler, worker: RunningWorker
) -> None:
    assert worker.worker.identity.gpu_memory_mb == GPU_MB

    assert (await ran(scheduler, "a"))["sees"] == "1"


async def test_without_a_gpu_the_environment_is_left_as_it_is(
    scheduler: PlayedScheduler, start_worker: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    await start_worker()

    assert (await ran(scheduler, "a", 0))["sees"] == ""


@pytest.mark.usefixtures("worker")
async def test_a_model_is_loaded_once_and_each_has_a_process_of_its_own(scheduler: PlayedScheduler) -> None:
    results = [await ran(scheduler, model) for model in ("a", "b", "a", "b", "a")]

    assert [one.model for one in loads()] == ["a", "b"]
    assert [(result["model"], result["loaded"]) for result in results] == [(m, m) for m in "ababa"]
    assert len({result["pid"] for result in results}) == 2


@pytest.mark.usefixtures("worker")
async def test_tasks_that_name_no_model_share_a_process(scheduler: PlayedScheduler) -> None:
    first, second = await ran(scheduler, None), await ran(scheduler, None)

    assert first == second
    assert loads() == [Load(first["pid"], None, {})]


@pytest.mark.usefixtures("worker")
async def test_the_model_used_last_stays_when_room_is_needed(scheduler: PlayedScheduler) -> None:
    for model in ("a", "b", "a", "c", "a"):
        await ran(scheduler, model)

    assert [one.model for one in loads()] == ["a", "b", "c"]
    assert set(loads()[-1].beside.values()) == {"a"}
    await holds(scheduler, "a", "c")


@pytest.mark.usefixtures("worker")
async def test_memory_is_never_given_twice(scheduler: PlayedScheduler) -> None:
    sizes = {"a": 400, "b": 300, "c": 500, "d": 700, "e": 1000}
    turns = "abcdeacbdaebcadbce"

    ids = [await submitted(scheduler, model, sizes[model]) for model in turns]
    for task_id in ids:
        await scheduler.ended(task_id)

    for one in loads():
        together = [one.model, *one.beside.values()]
        assert sum(sizes[model] for model in together if model) <= GPU_MB
    assert len(loads()) > len(sizes), "nothing was evicted"
    assert any(one.beside for one in loads()), "nothing shared the GPU"


async def test_what_a_worker_holds_is_told_as_soon_as_it_changes(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker(fake_gpus="2x1GB", worker_heartbeat_s=60.0)
    first = await ran(scheduler, "a", 600)
    await holds(scheduler, "a")

    await begun(scheduler, "b", 600)
    await holds(scheduler, "b")
    [gpu] = (await told(scheduler)).gpus
    assert (gpu.index, gpu.name, gpu.memory_mb, gpu.used_mb, gpu.fake) == (0, "simulated", 1024, 600, True)
    assert [one.beside for one in loads()] == [{}, {}]
    assert not alive(first["pid"])


@pytest.mark.usefixtures("worker")
async def test_what_a_handler_says_that_it_needs_counts_if_its_task_says_less(scheduler: PlayedScheduler) -> None:
    await ran(scheduler, "a", 400)

    await ran(scheduler, None, 0, kind="large")

    assert [(one.model, list(one.beside.values())) for one in loads()] == [("a", []), (None, [])]


async def test_an_attempt_that_needs_more_than_the_gpu_has_fails_and_may_be_tried_elsewhere(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker(fake_gpus="500MB")
    [task_id] = await scheduler.submit("model.large", max_retry=0)

    assert await error_of(scheduler, task_id) == ("gpu_memory", True)


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("model", "payload", "kind"), [("a", "exit", "crash"), ("broken", None, "crash"), ("missing", None, "setup")]
)
async def test_what_dies_with_its_model_leaves_the_memory_to_others(
    scheduler: PlayedScheduler, model: str, payload: Any, kind: str
) -> None:
    task_id = await submitted(scheduler, model, 1000, payload=payload)

    assert await error_of(scheduler, task_id) == (kind, True)
    await holds(scheduler)
    assert (await ran(scheduler, "b", 1000))["loaded"] == "b"
    assert loads()[-1].beside == {}


@pytest.mark.usefixtures("worker")
async def test_an_idle_model_that_dies_is_told_of_and_loaded_anew(scheduler: PlayedScheduler) -> None:
    first = await ran(scheduler, "a", 1000)
    await holds(scheduler, "a")

    os.kill(first["pid"], signal.SIGKILL)

    await holds(scheduler)
    assert (await ran(scheduler, "a", 1000))["pid"] != first["pid"]


async def test_a_load_can_be_canceled(scheduler: PlayedScheduler, worker: RunningWorker) -> None:
    task_id = await submitted(scheduler, "slow", 1000)
    [loading] = await eventually(loads)

    await scheduler.cancel(task_id)

    await scheduler.ended(task_id, "canceled")
    assert not alive(loading.pid)
    await holds(scheduler)
    assert sum(worker.worker._residents.memory().values()) == 0


async def waits(worker: RunningWorker) -> None:
    """Wait until an attempt waits for room."""
    await eventually(lambda: worker.worker._places.admission.waiting == 1)


async def test_an_attempt_waits_for_one_that_is_busy(scheduler: PlayedScheduler, worker: RunningWorker) -> None:
    """Its handler asks for memory, not its task: so the scheduler does not know that there is no room."""
    busy = await begun(scheduler, "a", 300)
    waiting = await submitted(scheduler, None, 0, kind="large")
    await waits(worker)

    await scheduler.cancel(busy)

    await scheduler.ended(waiting)
    assert [one.beside for one in loads()] == [{}, {}]


@pytest.mark.parametrize("how", ["cancel", "timeout"])
async def test_an_attempt_that_waits_for_room_can_be_stopped(
    scheduler: PlayedScheduler, worker: RunningWorker, how: str
) -> None:
    await begun(scheduler, "a", 300)
    [task_id] = await scheduler.submit("model.large", max_retry=0, process_timeout_ms=60_000)
    await waits(worker)

    if how == "cancel":
        await scheduler.cancel(task_id)
    else:
        worker.pool.running[task_id].look_ms = worker.pool.running[task_id].deadline_ms = 0

    await scheduler.ended(task_id, "canceled" if how == "cancel" else "failed")
    assert [one.model for one in loads()] == ["a"]


async def test_a_worker_that_stops_hands_back_what_waits_for_room(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker(fake_gpus="1GB", shutdown_s=0.5)
    busy = await begun(scheduler, "a", 300)
    [waiting] = await scheduler.submit("model.large")
    await waits(worker)

    worker.hurry.set()
    await worker.end()

    assert await eventually(lambda: scheduler.returned(waiting))
    assert await eventually(lambda: scheduler.returned(busy) or scheduler.finished(busy))
    assert not alive(loads()[0].pid)


@pytest.mark.parametrize("kind", ["thread", "loop"])
async def test_a_handler_in_the_workers_own_process_makes_room_for_itself(
    scheduler: PlayedScheduler, worker: RunningWorker, kind: str
) -> None:
    idle = await ran(scheduler, "a", 600)

    await ran(scheduler, "a", 600, kind=kind)

    assert not alive(idle["pid"])
    assert sum(worker.worker._residents.memory().values()) == 0


async def test_one_in_a_thread_holds_its_memory_until_it_really_ends(
    scheduler: PlayedScheduler, worker: RunningWorker
) -> None:
    task_id = await submitted(scheduler, None, 600, payload="wait", kind="thread")
    await eventually(lambda: sum(worker.worker._residents.memory().values()) == 600)
    waiting = await submitted(scheduler, None, 0, kind="large")
    await waits(worker)

    await scheduler.cancel(task_id)

    await scheduler.ended(waiting)
    await scheduler.ended(task_id, "canceled")


async def test_no_more_idle_processes_are_kept_than_are_allowed(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker(worker_warm=2)
    pids = {model: (await ran(scheduler, model, 0))["pid"] for model in "abc"}

    await eventually(lambda: [alive(pids[model]) for model in "abc"] == [False, True, True])
    await holds(scheduler, "c", "b")


async def test_a_process_that_was_idle_for_long_ends(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker(worker_warm_s=0.2)
    first = await ran(scheduler, "a", 0)

    await eventually(lambda: not alive(first["pid"]))
    await holds(scheduler)


async def test_many_models_at_once_all_get_through(scheduler: PlayedScheduler, worker: RunningWorker) -> None:
    ids = [await submitted(scheduler, f"m{number % 4}", 500) for number in range(16)]

    await asyncio.gather(*(scheduler.ended(task_id) for task_id in ids))

    assert worker.worker._residents.evictions["memory"] > 0
    assert all(len(one.beside) <= 1 for one in loads())
