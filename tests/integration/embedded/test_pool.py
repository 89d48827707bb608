"""The pool of a running system, with stubs as services and the load played: workers come, stay, leave, and end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from integration.embedded.test_system import process_runs
from integration.embedded.up_with_stubs import stubs
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_embedded import System, SystemOptions, read_endpoints
from xqueue_embedded.errors import WrongSettings
from xqueue_embedded.pool.readings import Beat, Reading
from xqueue_embedded.supervise.news import Died, Growing, News, NotGrown, Ready, Retiring, Stopped

SLOTS = 10
BUSY, USUAL, CALM = 9, 5, 1


class Pool:
    """A system with a pool, and how busy each of its workers is said to be."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.running, self.waiting = USUAL, 0
        self.news: list[News] = []
        self.work = folder / "work"  # while it is there, whoever is to retire has something to finish
        self.endpoints = folder / "endpoints.json"
        options = SystemOptions(
            state_dir=folder,
            port=0,
            workers=1,
            most_workers=3,
            env={"XQ_POOL_EVERY_S": "0.1", **env},
            programs=stubs(),
        )
        self.system = System(options, tell=self._tell)
        self.stops_when: type[News] | None = None
        self.busiest = 0
        """The worker, by its pid, that has one attempt more than the others."""

    async def reading(self, _cell: Any) -> Reading:
        pids = [worker.pid for worker in self.system.endpoints.workers]
        return Reading([Beat(pid, SLOTS, self.running + (pid == self.busiest)) for pid in pids], self.waiting)

    def told(self, kind: type[News]) -> list[Any]:
        return [item for item in self.news if isinstance(item, kind)]

    async def has(self, workers: int) -> list[int]:
        """Return the workers' pids, once there are so many."""
        await eventually(lambda: len(self._pids()) == workers)
        return self._pids()

    def _pids(self) -> list[int]:
        return [worker.pid for worker in read_endpoints(self.endpoints).workers]

    def _tell(self, news: News) -> None:
        self.news.append(news)
        if isinstance(news, Growing | Retiring):
            self.running = USUAL  # one change at a time


@asynccontextmanager
async def started(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pool]:
    monkeypatch.setattr("xqueue_embedded.pool.scaling.read", pool.reading)
    with unless_missing():
        await pool.system.start()
    try:
        yield pool
    finally:
        await pool.system.stop()


async def test_workers_come_with_the_load_and_leave_when_their_work_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        [first] = await pool.has(1)
        pool.running, pool.waiting = BUSY, 100
        assert len(await pool.has(2)) == 2
        pool.running = BUSY
        assert (await pool.has(3))[0] == first

        pool.system.kill("worker", 2)
        await eventually(lambda: len([item for item in pool.told(Ready) if item.name == "worker-2"]) == 2)
        _, second, third = await pool.has(3)

        pool.work.touch()
        pool.running, pool.waiting = CALM, 0
        await eventually(lambda: pool.told(Retiring))
        assert pool.told(Retiring)[0].name == "worker-2", "the youngest"
        pool.running = CALM
        await eventually(lambda: len(pool.told(Retiring)) == 2)
        assert await pool.has(3) == [first, second, third], "they are listed until they have ended"
        assert pool.told(Stopped) == []

        deaths = len(pool.told(Died))
        pool.work.unlink()
        assert await pool.has(1) == [first]
        assert sorted((item.name, item.trouble) for item in pool.told(Stopped)) == [
            ("worker-1", None),
            ("worker-2", None),
        ]
        assert len(pool.told(Died)) == deaths, "they are not started again"

        pool.running = BUSY
        await pool.has(2)
        assert pool.told(Ready)[-1].name == "worker-1", "names are used again"


async def test_a_retiring_worker_that_is_killed_is_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        pool.running = BUSY
        [first, _] = await pool.has(2)
        pool.work.touch()
        pool.running = CALM
        await eventually(lambda: pool.told(Retiring))

        pool.system.kill("worker", 1)

        assert await pool.has(1) == [first]
        [end] = pool.told(Stopped)
        assert (end.name, end.trouble) == ("worker-1", "had to be killed")
        assert pool.told(Died) == []


async def test_the_system_goes_on_when_its_first_worker_retires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        watch = asyncio.create_task(pool.system.watch())
        pool.running = BUSY
        [first, second] = await pool.has(2)
        pool.busiest = second
        pool.running = CALM
        await eventually(lambda: pool.told(Retiring))

        assert await pool.has(1) == [second]
        assert [item.name for item in pool.told(Stopped)] == ["worker"]
        assert not watch.done()
        watch.cancel()
        await asyncio.wait({watch})
        assert first != second


@pytest.mark.parametrize("moment", [Growing, Retiring])
async def test_a_stop_meanwhile_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: type[News]
) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        pids = await pool.has(1)
        pool.running = BUSY
        await eventually(lambda: pool.told(Growing))
        if moment is Retiring:
            pids = await pool.has(2)
            pool.work.touch()
            pool.running = CALM
            await eventually(lambda: pool.told(Retiring))

        await pool.system.stop()

        assert not [pid for pid in (*pids, *(item.pid for item in pool.told(Ready))) if process_runs(pid)]
        assert not pool.endpoints.exists()


async def test_all_of_it_ends_at_once_for_somebody_who_will_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        pool.running = BUSY
        pids = await pool.has(2)
        pool.work.touch()
        pool.running = CALM
        await eventually(lambda: pool.told(Retiring))

        pool.system.kill_all()
        await pool.system.stop()

        assert not [pid for pid in pids if process_runs(pid)]


async def test_a_worker_that_does_not_start_is_told_of_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(tmp_path)
    async with started(pool, monkeypatch):
        [first] = await pool.has(1)
        monkeypatch.setenv("STUB_BROKEN", "worker")
        pool.running = BUSY

        await eventually(lambda: pool.told(NotGrown))

        assert "told to break" in str(pool.told(NotGrown)[0])
        monkeypatch.delenv("STUB_BROKEN")
        pool.running = BUSY
        assert (await pool.has(2))[0] == first


async def test_whoever_watches_hears_of_our_own_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(tmp_path)

    async def broken(_cell: Any) -> Reading:
        raise ZeroDivisionError

    monkeypatch.setattr(pool, "reading", broken)
    async with started(pool, monkeypatch):
        with pytest.raises(ExceptionGroup) as caught:
            await pool.system.watch()
    assert caught.group_contains(ZeroDivisionError)


async def test_wrong_thresholds_are_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="XQ_POOL_DOWN"):
        await Pool(tmp_path, XQ_POOL_DOWN="0.9").system.start()

    assert not (tmp_path / "logs").exists()


async def test_a_killed_worker_of_a_pool_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(Pool(tmp_path), monkeypatch) as pool:
        [first] = await pool.has(1)

        pool.system.signal(SIGKILL, "worker")

        await eventually(lambda: pool._pids() not in ([first], []))
        assert len(pool._pids()) == 1
