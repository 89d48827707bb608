"""The WebSocket: what happens to tasks, as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import websockets
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, Subscription, gateway
from support.eventually import eventually

from xqueue_gateway.access.permit import Permit
from xqueue_gateway.metrics import CONFLATED


async def run_through(door: Door, cell: PlayedCell, task_type: str, **fields: Any) -> str:
    """Return the id of a task that was submitted, has run and ended."""
    task_id: str = (await door.submit(task_type, **fields))["task_id"]
    await cell.offer(task_type)
    await cell.finish(task_id, result=1)
    return task_id


async def test_whoever_says_nothing_hears_everything_of_its_tenant(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed() as subscription:
        await run_through(door.of("somebody-else"), shared_cell, "elsewhere")
        task_id = await run_through(door, shared_cell, "pushed")

        tasks = await subscription.until("success")

    assert [(task["task_id"], task["version"], task["status"]) for task in tasks] == [
        (task_id, 1, "pending"),
        (task_id, 2, "processing"),
        (task_id, 3, "success"),
    ]
    assert tasks[-1] == await door.task(task_id)


async def test_a_filter_in_the_address_selects(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed("?status=success&label=team:a") as subscription:
        await run_through(door, shared_cell, "selected", labels={"team": "b"})
        wanted = await run_through(door, shared_cell, "selected", labels={"team": "a"})

        [task] = await subscription.until("success")

    assert task["task_id"] == wanted


async def test_a_filter_in_a_message_selects(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed() as subscription:
        answer = await subscription.ask(op="subscribe", filter={"type": "chosen"})
        await run_through(door, shared_cell, "not-chosen")
        wanted = await run_through(door, shared_cell, "chosen")

        tasks = await subscription.until("success")

    assert answer == {"event": "subscribed", "filters": [{"type": ["chosen"]}]}
    assert {task["task_id"] for task in tasks} == {wanted}


async def test_a_subscription_can_be_taken_back(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed("?queue=a") as subscription:
        await subscription.ask(op="subscribe", filter={"type": "left"})
        answer = await subscription.ask(op="unsubscribe", filter={"queue": ["a"]})
        await run_through(door, shared_cell, "other", queue="a")
        wanted = await run_through(door, shared_cell, "left")

        tasks = await subscription.until("success")

    assert answer["filters"] == [{"type": ["left"]}]
    assert {task["task_id"] for task in tasks} == {wanted}


async def test_whoever_names_a_task_is_told_first_how_it_stands(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("named"))["task_id"]
    await shared_cell.state(task_id, "pending")

    async with door.subscribed(f"?task_id={task_id}") as subscription:
        await shared_cell.offer("named")
        await shared_cell.finish(task_id)
        tasks = await subscription.until("success")

    assert [task["version"] for task in tasks] == [1, 2, 3]


async def test_whoever_comes_back_is_told_what_it_missed_and_nothing_that_it_saw(
    door: Door, shared_cell: PlayedCell
) -> None:
    seen = await run_through(door, shared_cell, "seen")
    missed = await run_through(door, shared_cell, "missed")
    filters = {"task_id": [seen, missed]}

    async with door.subscribed("?queue=nothing") as subscription:
        await subscription.ask(op="subscribe", filter=filters, after={seen: 3, missed: 1})
        [task] = await subscription.until("success")

    assert (task["task_id"], task["version"]) == (missed, 3)


async def test_a_version_in_the_address_is_where_to_go_on(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit("resumed"))["task_id"]
    await shared_cell.state(task_id, "pending")

    async with door.subscribed(f"?task_id={task_id}&after=1") as subscription:
        await shared_cell.offer("resumed")
        await shared_cell.finish(task_id)
        tasks = await subscription.until("success")

    assert [task["version"] for task in tasks] == [2, 3]


async def test_a_task_of_another_tenant_cannot_be_followed(door: Door) -> None:
    task_id = (await door.of("somebody-else").submit())["task_id"]

    async with door.subscribed(f"?task_id={task_id}") as subscription:
        told = await subscription.next()

    assert (told["event"], told["error"]["status"]) == ("error", 404)


async def test_progress_and_log_lines_are_pushed_too(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed("?type=talking") as subscription:
        task_id = (await door.submit("talking"))["task_id"]
        await shared_cell.offer("talking")
        await subscription.until("processing")

        await shared_cell.progress(task_id, 25)
        progress = await subscription.next()
        await shared_cell.log(task_id, "half way")
        line = await subscription.next()

    assert progress["event"] == "progress"
    assert progress["task"]["progress"] == {"percent": 25, "message": "at 25"}
    assert (progress["task"]["task_id"], progress["task"]["status"]) == (task_id, "processing")
    assert line["event"] == "log"
    assert (line["task"]["task_id"], line["log"]["message"]) == (task_id, "half way")


async def test_chunks_are_pushed_in_order_to_whoever_listens_then(door: Door, shared_cell: PlayedCell) -> None:
    async with door.subscribed("?type=emitting") as early:
        task_id = (await door.submit("emitting"))["task_id"]
        await shared_cell.offer("emitting")
        await early.until("processing")
        await shared_cell.emit(task_id, "first", index=0)
        first = await early.next()

        async with door.subscribed("?type=emitting") as late:
            for index, chunk in ((1, {"token": "a"}), (2, None)):
                await shared_cell.emit(task_id, chunk, index=index)
            rest = [await early.next(), await early.next()]
            assert [await late.next(), await late.next()] == rest

    task = {"task_id": task_id, "type": "emitting", "queue": "default", "tenant": door.tenant}
    assert [first, *rest] == [
        {"event": "chunk", "task": task, "attempt": 1, "index": 0, "chunk": "first"},
        {"event": "chunk", "task": task, "attempt": 1, "index": 1, "chunk": {"token": "a"}},
        {"event": "chunk", "task": task, "attempt": 1, "index": 2, "chunk": None},
    ]


async def test_what_nobody_can_read_and_what_a_replaced_scheduler_writes_is_skipped(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door, door.subscribed() as subscription:
        status = own_cell.topics.status
        first = (await door.submit("zombie"))["task_id"]
        await subscription.until("pending")
        stale = await eventually(lambda: next(record for record in own_cell.told if record.spec.task_id == first))
        await own_cell.say(status, b"\xff nonsense")
        await own_cell.say(own_cell.topics.progress, b"[" * 10_000)
        await own_cell.take()
        await own_cell.say(status, json.dumps({"kind": "status"}).encode())
        await own_cell.repeat_as_zombie(stale)

        second = (await door.submit("alive"))["task_id"]
        [task] = await subscription.until("pending")

    assert task["task_id"] == second


async def test_a_slow_reader_gets_the_last_of_each_task_and_every_end(own_cell: PlayedCell) -> None:
    before = CONFLATED._value.get()
    async with gateway(own_cell, ws_pending_bytes=64 * 1024 * 1024) as door, door.connected(max_queue=1) as socket:
        subscription = Subscription(socket)
        assert (await subscription.next())["event"] == "subscribed"
        await own_cell.offer("bulk")
        # Large results first: they fill the buffers of the kernel, so that the gateway has to keep what follows.
        ids = [*await ended_at_once(door, own_cell, result="x" * 50_000), *await ended_at_once(door, own_cell)]
        await eventually(lambda: CONFLATED._value.get() > before)

        ended: set[str] = set()
        told: dict[str, int] = {}
        while len(ended) < len(ids):
            task = (await subscription.next())["task"]
            assert task["version"] > told.get(task["task_id"], 0)
            told[task["task_id"]] = task["version"]
            ended |= {task["task_id"]} if task["status"] == "success" else set()

    assert ended == set(ids)


async def ended_at_once(door: Door, cell: PlayedCell, result: str = "") -> list[str]:
    """Return the ids of many tasks that have ended."""
    batch = {"tasks": [{"type": "bulk"}] * 300}
    items = (await door.post(batch, "/api/v1/tasks/batch")).json()["items"]
    for item in items:
        await cell.finish(item["task_id"], result=result)
    return [item["task_id"] for item in items]


async def test_no_more_connect_than_are_allowed(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, ws_max_connections=1) as door:
        async with door.subscribed():
            with pytest.raises(websockets.InvalidStatus) as caught:
                async with door.connected():
                    pass

        assert caught.value.response.status_code == 503

        async def room_again() -> bool:
            async with door.subscribed():
                return True

        assert await eventually(room_again)


async def test_pages_of_allowed_origins_may_connect(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, cors_origins="https://app.example.com") as door:
        async with door.subscribed(headers={"Origin": "https://app.example.com"}):
            pass
        async with door.subscribed(headers={"Origin": door.url}):
            pass


async def test_when_the_gateway_stops_subscribers_are_told_to_come_back(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        connection = door.connected()
        socket = await connection
        waiting = asyncio.create_task(door.task((await door.submit())["task_id"], "?wait=60"))
        await eventually(lambda: len(own_cell.told) == 1)

    await socket.wait_closed()
    assert socket.close_code == 1012
    assert (await waiting)["status"] == "pending"


async def test_what_waits_is_sent_before_a_stopping_gateway_closes(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        sockets = [await door.connected() for _ in range(20)]
        assert [await Subscription(socket).next() for socket in sockets]
        for _ in range(30):
            await door.submit("last")
        await eventually(lambda: len(own_cell.told) == 30)
        first = Subscription(sockets[0])
        assert [await first.next() for _ in range(30)]

    for socket in sockets[1:]:
        texts = [text async for text in rest_of(socket)]
        assert (socket.close_code, len(texts)) == (1012, 30)
        assert "connect again" in str(socket.close_reason)
    await asyncio.gather(*(socket.close() for socket in sockets))


async def rest_of(socket: websockets.ClientConnection) -> AsyncIterator[str]:
    """Yield all that comes until the connection is closed, well or not."""
    with suppress(websockets.ConnectionClosed):
        while True:
            yield str(await socket.recv())


async def test_whoever_comes_back_to_another_gateway_misses_no_end_and_hears_nothing_twice(
    own_cell: PlayedCell,
) -> None:
    async with gateway(own_cell) as first, gateway(own_cell) as second:
        ids = [(await first.submit("moved"))["task_id"] for _ in range(5)]
        async with first.subscribed("?queue=nothing") as subscription:
            subscribed = {"task_id": ids}
            await subscription.ask(op="subscribe", filter=subscribed)
            seen = {}
            while len(seen) < 5:
                task = (await subscription.next())["task"]
                seen[task["task_id"]] = task["version"]
        await own_cell.offer("moved")
        for task_id in ids:
            await own_cell.finish(task_id)

        async with second.subscribed("?queue=nothing") as subscription:
            await subscription.ask(op="subscribe", filter=subscribed, after={**seen, ids[0]: 3})
            told = [(await subscription.next())["task"] for _ in ids[1:]]

    assert {task["task_id"]: (task["version"], task["status"]) for task in told} == dict.fromkeys(
        ids[1:], (3, "success")
    )


async def test_whose_permit_ends_is_sent_away_and_told_why(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    permit = Permit()
    monkeypatch.setattr("xqueue_gateway.access.permit.EVERLASTING", permit)
    async with door.subscribed() as subscription, door.of("another").subscribed() as other:
        permit.end("your key was revoked " + "é" * 100)
        await subscription.socket.wait_closed()
        await other.socket.wait_closed()

    assert subscription.socket.close_code == other.socket.close_code == 1008
    assert str(subscription.socket.close_reason).startswith("your key was revoked é")


async def test_no_other_path_is_a_websocket(door: Door) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"{door.url.replace('http', 'ws', 1)}/api/v1/tasks", proxy=None)

    assert caught.value.response.status_code == 404
    assert b"/api/v1/ws/tasks" in (caught.value.response.body or b"")
