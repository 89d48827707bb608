"""A worker that was frozen past its lease may still be computing: whatever it says then is refused."""

import contextlib
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx2
import pytest
from support.eventually import eventually
from support.ledger import Ledger

from xqueue_common.lifecycle import Status
from xqueue_embedded import System

SLEEP_S = 1.5


async def submit(system: System, task_type: str = "sleep", seconds: float = SLEEP_S) -> str:
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url) as http:
        answer = await http.post("/api/v1/tasks", json={"type": task_type, "payload": {"seconds": seconds}})
        answer.raise_for_status()
        return str(answer.json()["task_id"])


async def worker_running(ledger: Ledger, task: str, other_than: str | None = None) -> str:
    while True:
        await ledger.read()
        seen = ledger.reader.tasks.get(task)
        if seen and seen.state.status is Status.PROCESSING and seen.state.worker not in (None, other_than):
            return str(seen.state.worker)


def number_of(system: System, incarnation: str) -> int:
    pid = int(incarnation.partition("#")[0].rpartition("-")[2])
    return next(n for n in (0, 1) if system.pid("worker", n) == pid)


@pytest.mark.timeout(120)
async def test_the_late_result_of_a_frozen_worker_is_refused(system: System) -> None:
    async with Ledger(system.endpoints.kafka.bootstrap) as ledger:
        task = await submit(system)
        first = await worker_running(ledger, task)
        frozen = number_of(system, first)
        system.signal(SIGSTOP, "worker", frozen)
        second = await worker_running(ledger, task, other_than=first)
        while task not in ledger.ended:
            await ledger.read()
        system.signal(SIGCONT, "worker", frozen)

        # The thawed worker stops its attempt or reports it, in vain: new work goes through it again.
        await eventually(lambda: heartbeats(system, 2))
        for _ in range(10):
            await ledger.read()
        versions = [(state.status, state.attempt, state.worker) for state in ledger.reader.history_of(task)]
        status, attempt, worker = versions[-1]
        assert (status, worker) == (Status.SUCCESS, second)
        assert attempt > 1
        assert [version for version in versions if version[0] is Status.SUCCESS] == [versions[-1]]


def children_of(parent: int) -> list[int]:
    """Return the processes that this one has started and that are not dead: nobody reaps those of a frozen one."""
    found: list[int] = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, ppid, *_ = file.read_text().rpartition(")")[2].split()
            if int(ppid) == parent and state != "Z":
                found.append(int(file.parent.name))
    return found


@pytest.mark.timeout(120)
async def test_the_child_of_a_frozen_worker_ends_before_its_task_runs_elsewhere(system: System) -> None:
    async with Ledger(system.endpoints.kafka.bootstrap) as ledger:
        task = await submit(system, "spin", 600)
        first = await worker_running(ledger, task)
        frozen = number_of(system, first)
        pid = system.pid("worker", frozen)
        await eventually(lambda: children_of(pid))
        system.signal(SIGSTOP, "worker", frozen)
        await worker_running(ledger, task, other_than=first)
        alive = children_of(pid)
        system.signal(SIGCONT, "worker", frozen)

        assert alive == []
        async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url) as http:
            await http.delete(f"/api/v1/tasks/{task}")
        while task not in ledger.ended:
            await ledger.read()
        await eventually(lambda: heartbeats(system, 2))


async def heartbeats(system: System, workers: int) -> bool:
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url) as http:
        answer = await http.get("/api/v1/instances")
        return len(answer.json()["items"]) == workers
