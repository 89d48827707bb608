"""Each kind of handler runs, speaks, and ends as its task should."""

import os

import pytest
from integration.worker.played import PlayedScheduler, Start, told_so_far

from xqueue_common.events import LogRecord, ProgressRecord

PICTURE = {"url": "http://example.org/cat.png"}


async def test_an_async_handler_gets_a_typed_payload_and_its_result_comes_back(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("image.thumbnail", payload=PICTURE)

    assert await scheduler.result(task_id) == {**PICTURE, "size": 256, "attempt": 1}
    await scheduler.ended(task_id)


async def test_a_plain_handler_runs_in_a_thread(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.thread", payload=PICTURE)

    assert await scheduler.result(task_id) == {"main": False, "size": 256, "pid": os.getpid()}


async def test_an_isolated_handler_leads_a_session_of_its_own(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.child", payload=PICTURE)

    result = await scheduler.result(task_id)
    assert result == {"pid": result["pid"], "leads": True, "size": 256, "tenant": "default"}
    assert result["pid"] != os.getpid()


async def test_an_async_handler_may_be_isolated_too(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.async_child")

    assert (await scheduler.result(task_id))["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("task_type", "line"), [("test.thread", ("warning", "in a thread")), ("test.child", ("debug", "in a child"))]
)
async def test_progress_and_log_lines_are_told_from_wherever_a_handler_runs(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str, line: tuple[str, str]
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit(task_type, payload=PICTURE)

    report = await scheduler.only_report(task_id)
    assert report.progress is not None
    assert (report.progress.percent, report.progress.message) == (50, "half way")
    logged = await told_so_far(scheduler, LogRecord)
    assert [(r.level, r.message, r.spec.task_id) for r in logged] == [(*line, task_id)]


@pytest.mark.parametrize(
    ("task_type", "message"),
    [("test.logging", "on the loop"), ("test.logging_thread", "in a thread"), ("test.logging_child", "in a child")],
)
async def test_what_is_logged_the_usual_way_stands_in_the_log_of_the_task(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str, message: str
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit(task_type)

    await scheduler.only_report(task_id)
    logged = await told_so_far(scheduler, LogRecord)
    assert [(r.level, r.message, r.spec.task_id) for r in logged] == [("info", message, task_id)]


async def test_much_progress_is_conflated_and_the_last_one_stands_in_the_report(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.chatty", payload=2000)

    report = await scheduler.only_report(task_id)
    assert report.progress is not None
    assert report.progress.message == "1999"
    records = await told_so_far(scheduler, ProgressRecord)
    assert len(records) < 100
    assert [r.seq for r in records] == sorted({r.seq for r in records})
    assert [r.message for r in await told_so_far(scheduler, LogRecord)] == ["all said"]


@pytest.mark.parametrize(
    ("task_type", "payload", "told"),
    [
        ("image.thumbnail", {"url": 7}, ("invalid_payload", False, "$.url")),
        ("test.thread", {}, ("invalid_payload", False, "url")),
        ("test.child", [], ("invalid_payload", False, "object")),
        ("test.big", 300_000, ("result_too_large", False, "262144")),
        ("test.unwritable", None, ("invalid_result", False, "object")),
        ("test.final", None, ("final", False, "never")),
        ("fail", {"message": "no", "retryable": False}, ("final", False, "no")),
        ("fail", {"message": "not now"}, ("error", True, "FailedAsAsked: not now")),
        ("crash", None, ("crash", True, "SIGKILL")),
        ("test.exit", 3, ("crash", True, "exit code 3")),
        ("ocr", {"image": "not base64!"}, ("invalid_payload", False, "$.image")),
    ],
)
async def test_what_went_wrong_is_told_by_kind(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str, payload: object, told: tuple[str, bool, str]
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit(task_type, payload=payload, max_retry=0)

    report = await scheduler.only_report(task_id)
    assert report.outcome == "failed"
    assert report.error is not None
    kind, retryable, words = told
    assert (report.error.kind, report.error.retryable) == (kind, retryable)
    assert words in report.error.message
    await scheduler.ended(task_id, "failed")


async def test_a_handler_chooses_when_to_be_retried(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.retry", payload=3600.5)

    report = await scheduler.only_report(task_id)
    assert (report.outcome, report.retry_after_ms) == ("failed", 3_600_500)
    await scheduler.ended(task_id, "scheduled")


async def test_a_crash_takes_nothing_else_down(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    crash, *others = await scheduler.submit("crash", "sleep", "noop", payload={"seconds": 0.2}, max_retry=0)

    for task_id in others:
        await scheduler.ended(task_id)
    await scheduler.ended(crash, "failed")
