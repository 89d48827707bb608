"""Server-sent events: what happens to one task, as it happens, until it has ended."""

import asyncio

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, EventStream, SentEvent, gateway
from support.eventually import eventually

from xqueue_gateway.access.permit import Permit
from xqueue_gateway.metrics import SUBSCRIBERS

UNKNOWN = "01900000-0000-7000-8000-000000000000"


async def running(door: Door, cell: PlayedCell, task_type: str) -> str:
    """Return the id of a task that runs."""
    task_id: str = (await door.submit(task_type))["task_id"]
    await cell.offer(task_type)
    await cell.running(task_id)
    return task_id


async def told(stream: EventStream, status: str) -> SentEvent:
    """Return the event of this status, once it comes.

    A gateway that just hears of what came before, late, tells that as well.
    """
    while event := await stream.next():
        if event.data["status"] == status:
            return event
    msg = f"the stream ended before {status}"
    raise AssertionError(msg)


async def statuses(stream: EventStream) -> list[tuple[str | None, str]]:
    """Return ids and statuses of all events of a stream that tells of nothing else."""
    events = await stream.rest()
    assert {event.name for event in events} <= {"status"}
    return [(event.id, event.data["status"]) for event in events]


async def test_a_task_is_followed_from_where_it_stands_to_its_end(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("sse"))["task_id"]

    async with door.events(task_id) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        first = await stream.next()
        await shared_cell.offer("sse")
        await shared_cell.finish(task_id, result={"a": "b"})
        rest = await stream.rest()

    assert first is not None
    assert [(e.name, e.id, e.data["status"]) for e in (first, *rest)] == [
        ("status", "1", "pending"),
        ("status", "2", "processing"),
        ("status", "3", "success"),
    ]
    assert rest[-1].data == await door.task(task_id)


async def test_progress_lines_and_chunks_come_between(door: Door, shared_cell: PlayedCell) -> None:
    task_id = await running(door, shared_cell, "sse.talking")

    async with door.events(task_id) as stream:
        await told(stream, "processing")
        await shared_cell.progress(task_id, 25)
        progress = await stream.next()
        await shared_cell.log(task_id, "half way")
        line = await stream.next()
        await shared_cell.emit(task_id, {"text": "one\ntwo"}, index=7)
        chunk = await stream.next()

    assert progress is not None
    assert line is not None
    assert (progress.name, progress.id, progress.data["progress"]["percent"]) == ("progress", None, 25)
    assert (line.name, line.id, line.data["message"]) == ("log", None, "half way")
    assert chunk == ("chunk", None, {"attempt": 1, "index": 7, "chunk": {"text": "one\ntwo"}})


async def test_a_reader_that_comes_back_is_told_what_it_missed_and_no_more_once_it_knows_the_end(
    door: Door, shared_cell: PlayedCell
) -> None:
    task_id = await running(door, shared_cell, "sse.resumed")
    async with door.events(task_id, Last_Event_ID="1") as stream:
        first = await stream.next()
        assert first
        assert (first.id, first.data["status"]) == ("2", "processing")
        await shared_cell.finish(task_id)
        assert await statuses(stream) == [("3", "success")]

    async with door.events(task_id, Last_Event_ID="2") as stream:
        assert await statuses(stream) == [("3", "success")]
    async with door.events(task_id, Last_Event_ID="3") as stream:
        assert (stream.answer.status_code, await stream.rest()) == (204, [])


async def test_who_may_not_follow_is_told_why(door: Door) -> None:
    task_id = (await door.submit())["task_id"]

    for asker, wanted, headers, status in (
        (door.of("somebody-else"), task_id, {}, 404),
        (door, UNKNOWN, {}, 404),
        (door, task_id, {"Last_Event_ID": "seven"}, 422),
        (door, task_id, {"Last_Event_ID": "9" * 40}, 422),
    ):
        async with asker.events(wanted, **headers) as stream:
            assert stream.answer.status_code == status
            assert stream.answer.headers["content-type"] == "application/problem+json"


async def test_streams_are_counted_bounded_and_forgotten(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, ws_max_connections=1) as door:
        before = SUBSCRIBERS._value.get()
        task_id = (await door.submit())["task_id"]
        async with door.events(task_id) as stream:
            assert await stream.next()
            assert SUBSCRIBERS._value.get() == before + 1
            async with door.events(task_id) as refused:
                assert refused.answer.status_code == 503
                assert refused.answer.headers["retry-after"] == "5"

        await eventually(lambda: SUBSCRIBERS._value.get() == before)
        async with door.events(task_id) as stream:
            assert await stream.next()


async def test_a_gateway_that_stops_ends_its_streams(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, shutdown_s=20.0) as door:
        task_id = (await door.submit())["task_id"]
        context = door.events(task_id)
        stream = await context.__aenter__()
        assert await stream.next()
        rest = asyncio.create_task(lines_of(stream))

    assert [line for line in await rest if line][-1].startswith("retry: ")


async def lines_of(stream: EventStream) -> list[str]:
    """Return all lines up to the end of the stream."""
    return [line async for line in stream.lines]


async def test_a_reader_goes_on_at_another_gateway_where_it_was(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as first, gateway(own_cell) as second:
        task_id = await running(first, own_cell, "sse.moved")
        async with first.events(task_id) as stream:
            seen = await told(stream, "processing")
        await own_cell.finish(task_id)

        async with second.events(task_id, Last_Event_ID=str(seen.id)) as stream:
            assert await statuses(stream) == [("3", "success")]


async def test_whose_permit_ends_hears_no_more(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    permit = Permit()
    monkeypatch.setattr("xqueue_gateway.access.permit.EVERLASTING", permit)
    task_id = (await door.submit())["task_id"]
    async with door.events(task_id) as stream:
        assert await stream.next()
        permit.end("revoked")

        assert [line for line in await lines_of(stream) if line.startswith("retry: ")]
