"""Bad input at every door of the whole system: refused or buried with a reason, and nothing stops."""

from typing import Any

import httpx2
import msgspec
import pytest
import websockets
from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis
from support.bad_orders import FILES, ORDERS
from support.bad_records import OTHER_CELL, TASK, meaningless, unreadable
from support.bad_requests import CASES, MESSAGES
from support.eventually import eventually

from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_embedded import System

SERVICES = [("gateway", 0), ("scheduler", 0), ("notifier", 0), ("worker", 0), ("worker", 1)]


def pids(system: System) -> list[int]:
    return [system.pid(name, number) for name, number in SERVICES]


async def run_tasks(system: System) -> None:
    """Work goes through every service: run by a worker, told on the WebSocket, found in the history."""
    socket_url = system.endpoints.gateway.url.replace("http", "ws") + "/api/v1/ws/tasks?status=success"
    async with (
        httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=60) as http,
        websockets.connect(socket_url) as socket,
    ):
        await socket.recv()
        tasks = [{"type": "sleep", "payload": {"seconds": 0.01}, "labels": {"n": str(n)}} for n in range(20)]
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": tasks})
        missing = {item["task_id"] for item in answer.json()["items"]}
        while missing:
            event = msgspec.json.decode(await socket.recv())
            missing.discard(event["task"]["task_id"])
        await eventually(lambda: listed(http, answer.json()["items"][-1]["task_id"]))


async def listed(http: httpx2.AsyncClient, task: str) -> bool:
    answer = await http.get("/api/v1/tasks", params={"task_id": task})
    return bool(answer.json()["items"][0]["status"] == "success")


async def test_requests(system: System) -> None:
    before = pids(system)
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=30) as http:
        answers = [
            (case, await http.request(case.method, case.path, content=case.body, headers=case.headers))
            for case in [*CASES, *ORDERS, *FILES]
        ]

    assert [(case, answer.text) for case, answer in answers if answer.status_code != case.status] == []
    await run_tasks(system)
    assert pids(system) == before


async def test_messages(system: System) -> None:
    url = system.endpoints.gateway.url.replace("http", "ws") + "/api/v1/ws/tasks"
    async with websockets.connect(url) as socket:
        for said, field in MESSAGES:
            await socket.send(said)
            event = msgspec.json.decode(await socket.recv())
            while event["event"] != "error":
                event = msgspec.json.decode(await socket.recv())
            assert event["error"]["errors"][0]["field"] == field
    await run_tasks(system)


async def appended(system: System, records: dict[str, Any]) -> set[str]:
    """Append records to the first partition of their topics; returns the origin of each."""
    origins: set[str] = set()
    async with AIOKafkaProducer(bootstrap_servers=system.endpoints.kafka.bootstrap) as vandal:
        for topic, values in records.items():
            for value in values:
                at = await vandal.send_and_wait(topic, value, key=b"k", partition=0)
                origins.add(f"{topic}-0@{at.offset}")
    return origins


async def reasons(system: System, origins: set[str]) -> dict[str, set[str]]:
    """Return why each record was buried, once all these are; whoever reads a topic may bury a record of it."""
    found: dict[str, set[str]] = {}
    tail = Tail(system.endpoints.kafka.bootstrap, Topics().dead, 0, client_id="coroner")

    async def all_found() -> bool:
        for record in await tail.poll(max_records=500, timeout_ms=200):
            headers = {name: value.decode() for name, value in record.headers}
            found.setdefault(headers["origin"], set()).add(headers["reason"])
        assert sorted(origins - found.keys()) == []
        return True

    await tail.start(0)
    try:
        await eventually(all_found)
    finally:
        await tail.stop()
    return found


@pytest.mark.timeout(180)
async def test_records(system: System) -> None:
    topics = Topics()
    # So that there is a scheduler that was replaced, whose epoch must not count.
    system.kill("scheduler")
    await run_tasks(system)
    before = pids(system)
    bad = await appended(system, unreadable(topics))
    ignored = await appended(system, meaningless(topics))

    buried = await reasons(system, bad)
    await run_tasks(system)

    assert [origin for origin in bad if not all(buried[origin])] == []
    assert ignored & buried.keys() == set()
    assert pids(system) == before

    # The same logs are what everything is rebuilt from.
    async with Redis.from_url(system.endpoints.redis.url) as redis:
        await redis.flushall()
    system.kill("scheduler")
    system.kill("notifier")
    await run_tasks(system)
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=60) as http:
        for task in (TASK, OTHER_CELL):
            assert (await http.get(f"/api/v1/tasks/{task}")).status_code == httpx2.codes.NOT_FOUND
