"""What the documents say holds: every operation is there under all its paths, and what is told is as described."""

import json
import re
from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door
from support.described import faults

from xqueue_gateway.http.aliases import aliases_of
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS

NOBODYS = {"task_id": "01a205fa-7e08-7000-ac23-2c62ad5751f1", "kind": "key"}


def path_of(path: str) -> str:
    """Return a path that nobody has made anything at."""
    return re.sub(r"\{(\w+)\}", lambda found: NOBODYS.get(found[1], "nobodys"), path)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_every_operation_is_there_and_its_aliases_answer_alike(door: Door, operation: Operation) -> None:
    answers = []
    for path in (operation.path, *aliases_of(operation.method, operation.path)):
        allowed = (await door.ask("OPTIONS", path_of(path))).headers["Allow"]
        assert operation.method in allowed.split(", "), path
        if "{name}" in path or "{name}" not in operation.path:  # else it means the default queue: everybody's here
            answer = await door.ask(operation.method, path_of(path))
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            answers.append((answer.status_code, answer.headers.get("Content-Type")))

    assert len(set(answers)) == 1, answers


async def test_what_the_websocket_tells_is_as_described(door: Door, shared_cell: PlayedCell) -> None:
    kind = f"told.{door.tenant}"
    await shared_cell.offer(kind)
    async with door.subscribed() as subscription:
        await subscription.socket.send('{"op": "dance"}')
        task_id = (await door.submit(kind, labels={"a": "b"}))["task_id"]
        await shared_cell.running(task_id)
        await shared_cell.progress(task_id, 50)
        await shared_cell.log(task_id, "half way")
        await shared_cell.emit(task_id, {"part": 1})
        await subscription.socket.send(json.dumps({"op": "subscribe", "filter": {"task_id": task_id}}))
        heard: dict[str, Any] = {}
        while heard.keys() < {"subscribed", "status", "progress", "log", "chunk", "error"}:
            message = await subscription.next()
            heard[message["event"]] = message
        await shared_cell.finish(task_id, result=[1])

    assert [(name, faults(f"websocket.{name}", message)) for name, message in heard.items()] == [
        (name, []) for name in heard
    ]


async def test_the_events_of_a_task_are_as_described(door: Door, shared_cell: PlayedCell) -> None:
    kind = f"streamed.{door.tenant}"
    await shared_cell.offer(kind)
    task_id = (await door.submit(kind))["task_id"]
    await shared_cell.running(task_id)
    async with door.events(task_id) as stream:
        first = await stream.next()
        await shared_cell.progress(task_id, 50)
        await shared_cell.log(task_id, "half way")
        await shared_cell.emit(task_id, {"part": 1})
        heard = [first]
        while heard[-1] and heard[-1].name != "chunk":
            heard.append(await stream.next())
        await shared_cell.finish(task_id)
        heard += await stream.rest()

    events = [event for event in heard if event]
    assert {event.name for event in events} == {"status", "progress", "log", "chunk"}
    assert [faults(f"events.{event.name}", event.data) for event in events] == [[]] * len(events)


async def test_the_documents_are_served(door: Door) -> None:
    told = json.loads((await door.get("/openapi.json")).content)
    yaml = await door.get("/asyncapi.yaml")
    page = await door.get("/docs")

    assert told["openapi"] == "3.1.0"
    assert yaml.headers["Content-Type"] == "application/yaml"
    assert yaml.text.startswith('asyncapi: "3.0.0"\n')
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    parts = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page.text)
    assert len(parts) == 4
    assert [(await door.get(part)).status_code for part in parts] == [200] * 4
    assert re.findall(r'(?:src|href)="(?!/|data:)[^"]*"', page.text) == []
