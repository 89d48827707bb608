"""Two cells on two schedulers: when one goes, the other runs both, and nothing is lost or done twice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from signal import SIGTERM

import httpx2
import pytest
from support.brokers import unless_missing
from support.eventually import eventually
from support.ledger import Ledger

from xqueue_embedded import System, SystemOptions

QUEUES = ("zero", "one")
TASKS = 100
SLEEP_S = 0.05


@pytest.fixture(scope="module")
async def wide(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A system of two cells, two schedulers, and a worker for each cell."""
    folder = tmp_path_factory.mktemp("wide")
    env = {"XQ_CELLS": "one=1"}
    with unless_missing():
        running = System(SystemOptions(state_dir=folder, port=0, schedulers=2, cells=2, workers=2, env=env))
        await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def ledgers(wide: System) -> AsyncIterator[list[Ledger]]:
    """What the status log of each cell says."""
    async with AsyncExitStack() as stack:
        bootstrap = wide.endpoints.kafka.bootstrap
        yield [await stack.enter_async_context(Ledger(bootstrap, cell)) for cell in range(len(QUEUES))]


async def read(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        await ledger.read()


async def owners(ledgers: list[Ledger]) -> list[str]:
    """Return who owns each cell, once there are two."""
    while len({ledger.owner for ledger in ledgers}) < len(ledgers):
        await read(ledgers)
    return [ledger.owner for ledger in ledgers]


async def submitted(system: System, queue: str) -> set[str]:
    task = {"type": "sleep", "queue": queue, "payload": {"seconds": SLEEP_S}}
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=30) as http:
        answer = await http.post("/api/v1/tasks/batch", json={"tasks": [task] * TASKS})
        answer.raise_for_status()
        return {item["task_id"] for item in answer.json()["items"]}


async def all_ended(ledgers: list[Ledger], tasks: list[set[str]]) -> None:
    while any(ledger.ended_of(own) != own for ledger, own in zip(ledgers, tasks, strict=True)):
        await read(ledgers)
    assert [ledger.outcomes(own) for ledger, own in zip(ledgers, tasks, strict=True)] == [
        {"success": TASKS},
        {"success": TASKS},
    ]


def number_of(owner: str) -> int:
    return int(owner.partition("-")[2] or 0)


@pytest.mark.timeout(120)
async def test_each_scheduler_has_a_cell(wide: System, ledgers: list[Ledger]) -> None:
    assert sorted(await owners(ledgers)) == ["scheduler", "scheduler-1"]
    await all_ended(ledgers, [await submitted(wide, queue) for queue in QUEUES])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("cell", [0, 1])
async def test_when_one_is_killed_the_other_runs_both_cells(wide: System, ledgers: list[Ledger], cell: int) -> None:
    gone = (await owners(ledgers))[cell]
    tasks = [await submitted(wide, queue) for queue in QUEUES]

    async with wide.down("scheduler", number_of(gone)):
        await all_ended(ledgers, tasks)
        more = [await submitted(wide, queue) for queue in QUEUES]
        await all_ended(ledgers, more)
        assert gone not in {ledger.owner for ledger in ledgers}

    await owners(ledgers)  # it has a cell again


@pytest.mark.timeout(120)
async def test_both_are_restarted_one_after_the_other(wide: System, ledgers: list[Ledger]) -> None:
    tasks: list[set[str]] = [set(), set()]
    for number in (0, 1):
        await owners(ledgers)
        for cell, queue in enumerate(QUEUES):
            tasks[cell] = await submitted(wide, queue)
        pid = wide.pid("scheduler", number)
        wide.signal(SIGTERM, "scheduler", number)
        await eventually(lambda pid=pid, number=number: wide.pid("scheduler", number) != pid)
        await all_ended(ledgers, tasks)

    assert sorted(await owners(ledgers)) == ["scheduler", "scheduler-1"]
