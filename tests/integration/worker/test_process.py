"""The worker as a process: its command line, its signals, its end, and the end of its children."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from integration.worker.played import HANDLERS, INBOXES, PlayedScheduler
from integration.worker.test_stopping import family_of, gone
from support.eventually import eventually

from xqueue_embedded.ports import free_port

TESTS = Path(__file__).parents[2]
EXAMPLES = TESTS.parent / "examples"


class Process:
    """A worker's process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    async def get(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    async def ready(self) -> None:
        async def look() -> bool:
            assert self.process.returncode is None
            return (await self.get("/health/ready"))[0] == 200

        await eventually(look)

    async def end(self, *signals: signal.Signals) -> int:
        for number in signals:
            self.process.send_signal(number)
        return await self.process.wait()


StartProcess = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start_process(scheduler: PlayedScheduler, tmp_path: Path) -> AsyncIterator[StartProcess]:
    processes: list[Process] = []

    async def start(**settings: str) -> Process:
        port = free_port()
        env = {
            "XQ_KAFKA_BOOTSTRAP": scheduler.bootstrap,
            "XQ_REDIS_URL": scheduler.url,
            "XQ_REDIS_PREFIX": scheduler.prefix,
            "XQ_TOPIC_PREFIX": scheduler.topics.prefix,
            "XQ_INBOXES": str(INBOXES),
            "XQ_WORKER_HEARTBEAT_S": "0.1",
            "XQ_OPS_PORT": str(port),
            "PYTHONPATH": f"{TESTS}:{EXAMPLES}",
            **settings,
        }
        with (tmp_path / "worker.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "xqueue_worker", "--handlers", HANDLERS, "--handlers", "my_handlers"),
                env={**os.environ, **env},
                stderr=log,
            )
        processes.append(Process(process, port))
        await processes[-1].ready()
        return processes[-1]

    yield start
    for one in processes:
        if one.process.returncode is None:
            one.process.kill()
            await one.process.wait()


async def test_it_is_ready_well_and_counts(scheduler: PlayedScheduler, start_process: StartProcess) -> None:
    worker = await start_process()

    [task_id] = await scheduler.submit("noop")

    await scheduler.ended(task_id)
    status, health = await worker.get("/health")
    assert (status, '"kafka":"ok"' in health, '"redis":"ok"' in health) == (200, True, True)
    _, metrics = await worker.get("/metrics")
    assert 'xqueue_worker_attempts_total{outcome="success",type="noop"} 1.0' in metrics
    assert 'xqueue_worker_slots{state="offered"} 100.0' in metrics


async def test_the_example_runs(scheduler: PlayedScheduler, start_process: StartProcess) -> None:
    await start_process()

    [crawl] = await scheduler.submit("page.crawl", payload={"url": "https://example.org", "depth": 2})
    [digest] = await scheduler.submit("file.digest", payload="")
    [factors] = await scheduler.submit("number.factors", payload=2 * 2 * 3 * 101)
    [cat] = await scheduler.submit("text.rhyme", payload="cat")

    assert await scheduler.result(crawl) == {"url": "https://example.org", "pages": 2}
    assert await scheduler.result(digest) == hashlib.sha256().hexdigest()
    assert await scheduler.result(factors) == [2, 2, 3, 101]
    assert await scheduler.result(cat) == "cat … sat"


async def test_handlers_are_imported_where_only_the_workers_gpu_is_seen(
    scheduler: PlayedScheduler, start_process: StartProcess
) -> None:
    await start_process(XQ_FAKE_GPUS="2x24GB", XQ_GPU="1", XQ_HANDLERS="integration.worker.tried_models")

    [task_id] = await scheduler.submit("model.loop", model="a")

    assert await scheduler.result(task_id) == {"model": "a", "seen": "1"}


async def test_sigterm_drains_and_ends_well(scheduler: PlayedScheduler, start_process: StartProcess) -> None:
    worker = await start_process()
    [task_id] = await scheduler.submit("sleep", payload={"seconds": 0.5})
    await eventually(lambda: scheduler.started(task_id))

    assert await worker.end(signal.SIGTERM) == 0

    await scheduler.ended(task_id)
    assert await scheduler.cell.workers() == []


async def test_a_second_sigterm_ends_it_now(scheduler: PlayedScheduler, start_process: StartProcess) -> None:
    worker = await start_process(XQ_SHUTDOWN_S="3600")
    [task_id] = await scheduler.submit("spin", payload={"seconds": 600})
    await eventually(lambda: scheduler.started(task_id))
    worker.process.send_signal(signal.SIGTERM)
    await eventually(lambda: _offers_nothing(scheduler))

    assert await worker.end(signal.SIGTERM) == 0

    assert await eventually(lambda: scheduler.returned(task_id))


async def _offers_nothing(scheduler: PlayedScheduler) -> bool:
    return all(view.slots == 0 for view in await scheduler.cell.workers())


@pytest.mark.parametrize("task_type", ["test.stubborn", "test.stubborn_thread"])
async def test_a_handler_that_never_ends_does_not_keep_the_process(
    scheduler: PlayedScheduler, start_process: StartProcess, task_type: str
) -> None:
    worker = await start_process(XQ_SHUTDOWN_S="0.5")
    [task_id] = await scheduler.submit(task_type)
    await eventually(lambda: scheduler.started(task_id))

    assert await worker.end(signal.SIGTERM) == 0

    assert await eventually(lambda: scheduler.returned(task_id))


async def test_the_children_of_a_killed_worker_die_with_it(
    scheduler: PlayedScheduler, start_process: StartProcess, tmp_path: Path
) -> None:
    worker = await start_process()
    await scheduler.submit("test.family", payload=str(tmp_path / "pids"))
    child, grandchild = await family_of(tmp_path)

    await worker.end(signal.SIGKILL)

    await gone([child])
    os.kill(grandchild, signal.SIGKILL)  # nobody is left to do it: see LEASE.md


def test_help_names_the_settings() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "xqueue_worker", "--help"], capture_output=True, text=True, check=True
    )
    assert "--handlers MODULE" in answer.stdout
    assert "XQ_WORKER_SLOTS" in answer.stdout


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("XQ_FAKE_GPUS", "two", "write 24GB or 512MB"),
        ("XQ_GPU", "9999", "GPUs seen here"),
        ("XQ_GPU", "a", "give the"),
    ],
)
def test_a_gpu_that_cannot_be_ends_it_at_once_with_the_remedy(variable: str, value: str, words: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "xqueue_worker"],
        env={**os.environ, variable: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 78
    assert answer.stderr.startswith(f"worker: {variable}")
    assert words in answer.stderr


def test_handlers_that_cannot_be_loaded_end_it_at_once_with_the_reason() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "xqueue_worker", "--handlers", "no_such_module"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 78
    assert "worker: handlers 'no_such_module' cannot be imported: ModuleNotFoundError" in answer.stderr
