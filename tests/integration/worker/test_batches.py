"""Attempts that are called together, and yet each has its own result, error, retry and end."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from integration.worker import tried_batches
from integration.worker.played import PlayedScheduler, Start, told_so_far
from support.eventually import eventually

from xqueue_common.events import ErrorInfo, Finished, LogRecord, Submit
from xqueue_common.ids import new_task_id
from xqueue_common.task import TaskSpec

assert tried_batches  # its handlers are registered

EVERYWHERE = ["batch.loop", "batch.thread", "batch.child", "batch.async_child"]
CHILDREN = ["batch.child", "batch.async_child"]


async def submitted(scheduler: PlayedScheduler, task_type: str, payloads: list[Any], **spec: Any) -> list[str]:
    """Submit a task for each payload, all in one call."""
    ids = [new_task_id(0, 1) for _ in payloads]
    await scheduler.call(
        [
            Submit(
                TaskSpec(task_id, task_type, "default", "default", created_ms=1, **spec),
                msgspec.Raw(msgspec.json.encode(payload)),
            )
            for task_id, payload in zip(ids, payloads, strict=True)
        ]
    )
    return ids


async def results(scheduler: PlayedScheduler, ids: list[str]) -> list[Any]:
    return [await scheduler.result(task_id) for task_id in ids]


async def failed(scheduler: PlayedScheduler, task_id: str) -> ErrorInfo:
    report = await scheduler.only_report(task_id)
    assert report.outcome == "failed", report
    assert report.error is not None
    return report.error


def wishes(*do: str, path: Path | None = None) -> list[dict[str, str]]:
    return [{"do": one, "path": str(path or "")} for one in do]


@pytest.mark.parametrize("task_type", EVERYWHERE)
async def test_each_gets_what_its_own_element_of_the_list_says(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    ids = await submitted(scheduler, task_type, wishes("answer", "fail", "retry", "big"))

    answer, fail, retry, big = ids
    result = await scheduler.result(answer)
    assert (result["size"], result["attempt"], result["id"]) == (4, 1, answer)
    assert result["state"] == ("loaded" if task_type in CHILDREN else None)
    assert await failed(scheduler, fail) == ErrorInfo("final", "not this one", retryable=False)
    assert (await failed(scheduler, retry)).kind == "retry"
    assert (await scheduler.only_report(retry)).retry_after_ms == 3_600_000
    assert (await failed(scheduler, big)).kind == "result_too_large"
    for task_id, status in zip(ids, ("success", "failed", "scheduled", "failed"), strict=True):
        await scheduler.ended(task_id, status)


@pytest.mark.parametrize("task_type", EVERYWHERE)
async def test_what_one_says_is_told_of_its_task_alone(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    ids = await submitted(scheduler, task_type, wishes("answer", "fail", "retry", "big"))

    for task_id, do in zip(ids, ("answer", "fail", "retry", "big"), strict=True):
        progress = (await scheduler.only_report(task_id)).progress
        assert progress is not None
        assert progress.message == do
    logged = await told_so_far(scheduler, LogRecord)
    assert {(r.spec.task_id, r.message) for r in logged} == {
        (ids[0], "does answer"),
        (ids[1], "does fail"),
        (ids[2], "does retry"),
        (ids[3], "does big"),
    }


@pytest.mark.parametrize("task_type", ["batch.loop", "batch.thread", "batch.child"])
async def test_what_a_library_logs_stands_in_the_log_of_each(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    ids = await submitted(scheduler, task_type, wishes(*["log"] * 4))

    await results(scheduler, ids)
    said = [r for r in await told_so_far(scheduler, LogRecord) if r.message == "by the way"]
    assert sorted(r.spec.task_id for r in said) == sorted(ids)


POISON = [(task_type, "raise", "error", "ValueError: poison") for task_type in EVERYWHERE]
POISON += [(task_type, "never", "final", "none of you") for task_type in ("batch.loop", "batch.child")]
POISON += [(task_type, "exit", "crash", "exit code 3") for task_type in CHILDREN]
POISON += [("batch.child", "kill", "crash", "SIGKILL"), ("batch.child", "hunger", "out_of_memory", "MemoryError")]


@pytest.mark.parametrize(("task_type", "poison", "kind", "words"), POISON)
async def test_what_spoils_the_call_fails_alone(  # noqa: PLR0917  # two fixtures, four parameters
    scheduler: PlayedScheduler, start_worker: Start, task_type: str, poison: str, kind: str, words: str
) -> None:
    worker = await start_worker()

    ids = await submitted(scheduler, task_type, wishes("answer", "answer", poison, "answer"), max_retry=0)

    error = await failed(scheduler, ids.pop(2))
    assert error.kind == kind
    assert words in error.message
    assert [result["attempt"] for result in await results(scheduler, ids)] == [1, 1, 1]
    assert sum(worker.worker.counts.attempts.values()) == 4, "each was reported once"


@pytest.mark.parametrize("task_type", EVERYWHERE)
async def test_a_payload_that_cannot_be_read_fails_before_the_call(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    bad, *good = await submitted(scheduler, task_type, [{"do": 7}, *wishes("answer", "answer", "answer")])

    error = await failed(scheduler, bad)
    assert (error.kind, error.retryable) == ("invalid_payload", False)
    assert "$.do" in error.message
    assert [result["size"] for result in await results(scheduler, good)] == [3, 3, 3]


@pytest.mark.parametrize("task_type", EVERYWHERE)
@pytest.mark.parametrize(("wrong", "words"), [("short", "returned 1 elements"), ("tuple", "returned tuple")])
async def test_a_list_of_another_length_fails_all_for_good(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str, wrong: str, words: str
) -> None:
    await start_worker()

    for task_id in await submitted(scheduler, task_type, wishes("answer", "answer", "answer", wrong)):
        error = await failed(scheduler, task_id)
        assert (error.kind, error.retryable) == ("invalid_result", False)
        assert "4 payloads" in error.message
        assert words in error.message


async def test_what_cannot_be_set_up_is_nobodys_fault_and_not_tried_by_halves(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    ids = await submitted(scheduler, "batch.unloadable", [None] * 4, max_retry=0)

    errors = [await failed(scheduler, task_id) for task_id in ids]
    assert {(error.kind, error.message) for error in errors} == {("setup", "FileNotFoundError: no such model")}


async def test_only_those_with_the_same_key_go_together(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    ids = await submitted(scheduler, "batch.keyed", [{"key": key} for key in "abba"])

    assert await results(scheduler, ids) == ["aa", "bb", "bb", "aa"]


async def test_only_those_of_the_same_model_go_together(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    small = await submitted(scheduler, "batch.loop", wishes("answer", "answer"), model="small")
    large = await submitted(scheduler, "batch.loop", wishes("answer", "answer", "answer"), model="large")
    more = await submitted(scheduler, "batch.loop", wishes("answer", "answer"), model="small")

    assert [result["size"] for result in await results(scheduler, small + more)] == [4] * 4
    assert not scheduler.finished(large[0])


@pytest.mark.parametrize(("key", "words"), [("c", "KeyError: 'c'"), ("unhashable", "unhashable type: 'list'")])
async def test_whom_it_goes_with_cannot_be_told(
    scheduler: PlayedScheduler, start_worker: Start, key: str, words: str
) -> None:
    await start_worker()

    bad, *good = await submitted(scheduler, "batch.keyed", [{"key": one} for one in (key, "a", "a")])

    error = await failed(scheduler, bad)
    assert (error.kind, error.retryable) == ("invalid_payload", False)
    assert words in error.message
    assert await results(scheduler, good) == ["aa", "aa"]


async def test_a_batch_that_does_not_fill_begins_after_its_longest_wait(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    [task_id] = await submitted(scheduler, "batch.brief", [None])

    assert await scheduler.result(task_id) == 1


async def test_nothing_waits_for_what_there_is_no_slot_for(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(worker_slots=3)

    ids = await submitted(scheduler, "batch.patient", [None] * 4)
    first, second, third, _fourth = ids

    assert await results(scheduler, [first, second, third]) == [3, 3, 3]
    sizes = worker.worker.counts.batch_sizes["batch.patient"]
    assert (sum(sizes.counts), sizes.sum) == (1, 3)


async def test_what_waits_for_its_batch_is_handed_back_by_a_drain(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    worker = await start_worker()
    ids = await submitted(scheduler, "batch.patient", [None] * 2)
    await eventually(lambda: len(worker.pool.running) == 2)

    await worker.end()

    for task_id in ids:
        [report, *_] = await eventually(lambda task_id=task_id: scheduler.returned(task_id))
        assert report.reason == "drained"
        assert not scheduler.finished(task_id)


async def test_what_waits_for_its_batch_can_be_canceled(scheduler: PlayedScheduler, start_worker: Start) -> None:
    worker = await start_worker(cancel_grace_s=600.0)
    first, *others = await submitted(scheduler, "batch.loop", wishes("answer", "answer", "answer"))
    await eventually(lambda: len(worker.pool.running) == 3)

    await scheduler.cancel(first)

    await scheduler.ended(first, "canceled")
    others += await submitted(scheduler, "batch.loop", wishes("answer", "answer"))
    assert [result["size"] for result in await results(scheduler, others)] == [4] * 4


@pytest.mark.parametrize("task_type", EVERYWHERE)
async def test_one_that_is_canceled_is_seen_by_the_handler(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker(cancel_grace_s=600.0)
    ids = await submitted(scheduler, task_type, wishes("see", "see", "see", "see"))
    await eventually(lambda: all(scheduler.started(task_id) for task_id in ids))

    await scheduler.cancel(ids[1])

    await scheduler.ended(ids.pop(1), "canceled")
    assert [r["cancelled"] for r in await results(scheduler, ids)] == [[False, True, False, False]] * 3


@pytest.mark.parametrize("task_type", [*EVERYWHERE, "batch.stubborn"])
async def test_one_that_is_canceled_ends_without_waiting_for_the_others_and_disturbs_none(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str
) -> None:
    worker = await start_worker()
    path = tmp_path / "go"
    first, *others = await submitted(scheduler, task_type, wishes(*["hold"] * 4, path=path))
    await eventually(lambda: all(scheduler.started(task_id) for task_id in others))

    await scheduler.cancel(first)

    await scheduler.ended(first, "canceled")
    path.touch()
    assert [result["size"] for result in await results(scheduler, others)] == [4, 4, 4]
    await eventually(lambda: worker.pool.offered == 10 and not worker.pool.running)


@pytest.mark.parametrize("task_type", [*EVERYWHERE, "batch.stubborn"])
async def test_all_that_are_canceled_end_as_one_would(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str
) -> None:
    worker = await start_worker()
    ids = await submitted(scheduler, task_type, wishes(*["hold"] * 4, path=tmp_path / "never"))
    await eventually(lambda: all(scheduler.started(task_id) for task_id in ids))

    for task_id in ids:
        await scheduler.cancel(task_id)

    for task_id in ids:
        await scheduler.ended(task_id, "canceled")
    await eventually(lambda: worker.pool.offered == 10 and not worker.pool.running)


async def mixed(scheduler: PlayedScheduler, task_type: str, path: Path) -> list[str]:
    """Submit a batch of which the first must end within a second."""
    short = await submitted(scheduler, task_type, wishes("hold", path=path), process_timeout_ms=1_000, max_retry=0)
    return short + await submitted(scheduler, task_type, wishes(*["hold"] * 3, path=path), max_retry=0)


@pytest.mark.parametrize(
    ("task_type", "sizes"), [("batch.loop", [4, 4, 4]), ("batch.thread", [4, 4, 4]), ("batch.stubborn", [3, 3, 3])]
)
async def test_one_that_takes_too_long_costs_the_others_no_attempt(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str, sizes: list[int]
) -> None:
    worker = await start_worker()
    short, *others = await mixed(scheduler, task_type, tmp_path / "go")

    report = await scheduler.only_report(short)

    assert report.outcome == "process_timeout"
    (tmp_path / "go").touch()
    found = await results(scheduler, others)
    assert [result["size"] for result in found] == sizes, "a process is killed, and the others begin again"
    assert [result["attempt"] for result in found] == [1, 1, 1]
    await eventually(lambda: worker.pool.offered == 10 and not worker.pool.running)


@pytest.mark.parametrize(
    ("task_type", "sizes"), [("batch.loop", [4, 4, 4]), ("batch.thread", [4, 4, 4]), ("batch.child", [3, 3, 3])]
)
async def test_one_that_is_not_current_any_more_is_dropped(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str, sizes: list[int]
) -> None:
    worker = await start_worker()
    lost, *others = await submitted(scheduler, task_type, wishes(*["hold"] * 4, path=tmp_path / "go"), max_retry=0)
    await eventually(lambda: all(scheduler.started(task_id) for task_id in others))
    token = (await scheduler.dispatch_of(lost)).token

    await scheduler.fold_in(Finished(lost, token, "failed", 0))

    await eventually(lambda: lost not in worker.pool.running)
    (tmp_path / "go").touch()
    assert [result["size"] for result in await results(scheduler, others)] == sizes
    assert len(scheduler.finished(lost)) == 1, "the test's own"
    await eventually(lambda: worker.pool.offered == 10 and not worker.pool.running)


@pytest.mark.parametrize("task_type", [*EVERYWHERE, "batch.stubborn"])
async def test_without_leases_all_are_handed_back(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str
) -> None:
    await scheduler.change(lease=1_000)
    worker = await start_worker(lease_margin_s=0.2)
    ids = await submitted(scheduler, task_type, wishes(*["hold"] * 4, path=tmp_path / "never"))
    await eventually(lambda: all(scheduler.started(task_id) for task_id in ids))

    await scheduler.lose_redis()

    await eventually(lambda: not worker.pool.running)
    if task_type != "batch.thread":  # that one sees that it is to stop, and makes it in time
        await eventually(lambda: all(scheduler.returned(task_id) for task_id in ids))


async def test_warm_processes_serve_one_batch_after_the_other(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    first = await results(scheduler, await submitted(scheduler, "batch.child", wishes(*["answer"] * 4)))
    second = await results(scheduler, await submitted(scheduler, "batch.child", wishes(*["answer"] * 4)))

    assert len({result["pid"] for result in first + second}) == 1


@pytest.mark.parametrize("task_type", EVERYWHERE)
async def test_a_drain_stops_a_batch_that_does_not_finish_and_hands_all_back(
    scheduler: PlayedScheduler, start_worker: Start, tmp_path: Path, task_type: str
) -> None:
    worker = await start_worker(shutdown_s=1.0)
    ids = await submitted(scheduler, task_type, wishes(*["hold"] * 4, path=tmp_path / "never"))
    await eventually(lambda: all(scheduler.started(task_id) for task_id in ids))

    await worker.end()

    for task_id in ids:
        assert await eventually(lambda task_id=task_id: scheduler.returned(task_id) or scheduler.finished(task_id))
