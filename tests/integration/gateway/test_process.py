"""The gateway as a process of its own: it says where it listens, and stops in order."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import websockets
from integration.gateway.played import INBOXES, PlayedCell


def environment(cell: PlayedCell, **settings: str) -> dict[str, str]:
    named = {
        "KAFKA_BOOTSTRAP": cell.bootstrap,
        "REDIS_URL": cell.redis_url,
        "REDIS_PREFIX": cell.prefix,
        "TOPIC_PREFIX": cell.topics.prefix,
        "HISTORY_URL": cell.history_url,
        "INBOXES": str(INBOXES),
        "PORT": "0",
        **settings,
    }
    return {**os.environ, **{f"XQ_{name}": value for name, value in named.items()}}


class Process:
    """A gateway, and what it has logged."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    async def said(self, event: str) -> dict[str, Any]:
        """Return the next line about this event."""
        assert self.process.stderr
        async with asyncio.timeout(60):
            while line := await self.process.stderr.readline():
                self.lines.append(json.loads(line))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]
        msg = f"it never said {event!r}: {self.lines}"
        raise AssertionError(msg)


@asynccontextmanager
async def started(cell: PlayedCell, **settings: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "xqueue_gateway", env=environment(cell, **settings), stderr=asyncio.subprocess.PIPE
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_on_sigterm_requests_are_finished_subscribers_told_and_the_exit_is_clean(
    own_cell: PlayedCell,
) -> None:
    async with started(own_cell) as gateway:
        url = (await gateway.said("gateway listens"))["url"]
        headers = {"Content-Type": "application/json"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60) as http:
            task_id = (await http.post("/api/v1/tasks", content=b'{"type": "noop"}')).json()["task_id"]
            await own_cell.state(task_id, "pending")
            waiting = asyncio.create_task(http.get(f"/api/v1/tasks/{task_id}?wait=60"))
            async with websockets.connect(f"{url.replace('http', 'ws', 1)}/api/v1/ws/tasks", proxy=None) as socket:
                await socket.recv()
                gateway.process.send_signal(signal.SIGTERM)
                await socket.wait_closed()
            answer = await waiting

        assert await gateway.process.wait() == 0
    assert socket.close_code == 1012
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    assert [line for line in gateway.lines if line["level"] == "error"] == []


async def test_without_api_keys_it_says_so(own_cell: PlayedCell) -> None:
    async with started(own_cell) as gateway:
        await gateway.said("gateway listens")

    assert any("no API keys" in line["event"] for line in gateway.lines)


async def test_a_wrong_setting_is_named_and_a_restart_would_not_help(own_cell: PlayedCell) -> None:
    async with started(own_cell, HISTORY_URL="mysql://somewhere") as gateway:
        assert gateway.process.stderr
        said = (await gateway.process.stderr.read()).decode()

    assert "XQ_HISTORY_URL" in said
    assert gateway.process.returncode != 0


async def test_a_port_that_is_taken_is_named(own_cell: PlayedCell) -> None:
    async with started(own_cell) as first:
        port = (await first.said("gateway listens"))["url"].rpartition(":")[2]
        async with started(own_cell, PORT=port) as second:
            assert second.process.stderr
            said = (await second.process.stderr.read()).decode()

    assert "XQ_PORT" in said
