"""The pool of a whole system: real workers come with the tasks, and leave without interrupting any."""

from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_embedded import System, SystemOptions
from xqueue_embedded.supervise.news import News, Retiring, Stopped

TESTS = Path(__file__).parents[2]
TYPES = ("held.loop", "held.thread", "held.process")
SLOTS, MOST = 2, 3


@pytest.fixture
def news() -> list[News]:
    return []


@pytest.fixture
async def system(tmp_path: Path, news: list[News]) -> AsyncIterator[System]:
    env = {
        "XQ_POOL_EVERY_S": "1",
        "XQ_POOL_UP": "0.9",
        "XQ_POOL_DOWN": "0.5",
        "XQ_WORKER_SLOTS": str(SLOTS),
        "XQ_SHUTDOWN_S": "0.5",  # a drain would interrupt whatever runs
        "PYTHONPATH": str(TESTS),
    }
    options = SystemOptions(
        state_dir=tmp_path / "system",
        port=0,
        workers=1,
        most_workers=MOST,
        handlers=("integration.embedded.held_handlers",),
        env=env,
    )
    with unless_missing():
        system = System(options, tell=news.append)
        await system.start()
    yield system
    await system.stop()


@pytest.fixture
async def http(system: System) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=system.endpoints.gateway.url, timeout=30) as http:
        yield http


@pytest.mark.timeout(180)
async def test_the_pool_grows_under_tasks_and_shrinks_around_those_that_run(
    system: System, http: httpx2.AsyncClient, news: list[News], tmp_path: Path
) -> None:
    files = {}
    for n in range(SLOTS * MOST):
        file = str(tmp_path / f"go-{n}")
        answer = await http.post("/api/v1/tasks", json={"type": TYPES[n % len(TYPES)], "payload": file})
        files[answer.json()["task_id"]] = Path(file)

    await eventually(lambda: len(system.endpoints.workers) == MOST, timeout_s=60)
    by_worker: dict[str, list[str]] = defaultdict(list)
    for snapshot in await eventually(lambda: all_running(http, files)):
        by_worker[snapshot["worker"]].append(snapshot["task_id"])
    assert [len(tasks) for tasks in by_worker.values()] == [SLOTS] * MOST

    # One task stays with each worker: half of the slots, so one of the workers leaves, and has something to finish.
    for first, _ in by_worker.values():
        files[first].touch()
    await eventually(lambda: [item for item in news if isinstance(item, Retiring)])
    [retiring] = [item for item in news if isinstance(item, Retiring)]
    assert (retiring.name, retiring.running) == ("worker-2", 1)
    await eventually(lambda: one_offers_nothing(http))
    assert len(system.endpoints.workers) == MOST, "it is listed until it has ended"

    for file in files.values():
        file.touch()
    await eventually(lambda: len(system.endpoints.workers) == 1, timeout_s=60)
    ends = [await settled(http, task_id) for task_id in files]
    assert [(end["status"], end["attempt"]) for end in ends] == [("success", 1)] * len(files)
    assert {item.trouble for item in news if isinstance(item, Stopped)} == {None}
    assert [item["running"] for item in (await http.get("/api/v1/instances")).json()["items"]] == [0]


async def all_running(http: httpx2.AsyncClient, tasks: dict[str, Path]) -> list[dict[str, Any]]:
    snapshots = [(await http.get(f"/api/v1/tasks/{task_id}")).json() for task_id in tasks]
    assert {snapshot["status"] for snapshot in snapshots} == {"processing"}
    assert all(snapshot["worker"] for snapshot in snapshots)
    return snapshots


async def one_offers_nothing(http: httpx2.AsyncClient) -> bool:
    instances = (await http.get("/api/v1/instances")).json()["items"]
    return sorted(instance["slots"] for instance in instances) == [0, SLOTS, SLOTS]


async def settled(http: httpx2.AsyncClient, task_id: str) -> dict[str, Any]:
    snapshot: dict[str, Any] = (await http.get(f"/api/v1/tasks/{task_id}", params={"wait": 30})).json()
    return snapshot
