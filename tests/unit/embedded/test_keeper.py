"""A keeper starts its child again, with pauses that grow, until it is asked to stop."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from time import monotonic

import pytest
from support.eventually import eventually

from xqueue_embedded.errors import StartFailed
from xqueue_embedded.processes.child import Child
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.supervise.backoff import Backoff
from xqueue_embedded.supervise.keeper import Keeper
from xqueue_embedded.supervise.news import Died, News, Ready, Stopped


class Sleeper(Child):
    """A child that is ready at once, unless it is told to break."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="sleeper", log=folder / "sleeper.log")
        self.breaks = 0  # so many of the next starts end at once

    @property
    def where(self) -> str:
        return "nowhere"

    async def _launch(self) -> Launch:
        self.broken, self.breaks = self.breaks > 0, max(0, self.breaks - 1)
        code = "raise SystemExit(3)" if self.broken else "import time; time.sleep(600)"
        return Launch(argv=(sys.executable, "-c", code))

    async def _answers(self) -> bool:
        return not self.broken


class Clock:
    """The real clock, which a test may put forward."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return monotonic() + self.ahead_s


class Kept:
    """A sleeper with its keeper, and what was told of it."""

    def __init__(self, folder: Path) -> None:
        self.news: list[News] = []
        self.pids: list[int] = []
        self.child = Sleeper(folder)
        self.clock = Clock()
        self.keeper = Keeper(
            self.child,
            tell=self.news.append,
            changed=lambda: self.pids.append(self.child.pid),
            backoff=Backoff(first_s=0.001, longest_s=0.004, well_after_s=1000.0),
            clock=self.clock,
        )

    def times_ready(self) -> int:
        return len([item for item in self.news if isinstance(item, Ready)])

    def pauses(self) -> list[float]:
        return [item.pause_s for item in self.news if isinstance(item, Died)]

    async def crash(self) -> None:
        ready = self.times_ready()
        self.child.kill()
        await eventually(lambda: self.times_ready() > ready)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_a_child_that_died_lives_again_under_another_pid(kept: Kept) -> None:
    await kept.keeper.start()

    await kept.crash()

    assert kept.pids == [kept.child.pid]
    assert "was ended by SIGKILL" in str(kept.news[1])
    await kept.keeper.stop()


async def test_failed_starts_are_told_and_their_pauses_grow_however_long_it_was_well_before(kept: Kept) -> None:
    await kept.keeper.start()
    kept.child.breaks = 4
    kept.clock.ahead_s = 1000.0

    await kept.crash()

    assert kept.pauses() == [0.001, 0.002, 0.004, 0.004, 0.004]
    assert "ended with exit status 3" in str(kept.news[2])
    await kept.keeper.stop()


async def test_after_a_stop_it_stays_down(kept: Kept) -> None:
    await kept.keeper.start()
    pid = kept.child.pid

    await kept.keeper.stop()

    assert isinstance(kept.news[-1], Stopped)
    assert kept.news[-1].trouble is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_stop_while_it_is_being_started_again_leaves_nothing(kept: Kept) -> None:
    await kept.keeper.start()
    kept.child.breaks = 1000
    kept.child.signal(signal.SIGKILL)
    await eventually(lambda: len(kept.pauses()) > 2)

    await kept.keeper.stop()

    assert not kept.child.runs


async def test_a_first_start_that_fails_is_not_tried_again(kept: Kept) -> None:
    kept.child.breaks = 1

    with pytest.raises(StartFailed, match="exit status 3"):
        await kept.keeper.start()

    assert not kept.news


async def test_who_watches_a_keeper_hears_of_its_own_faults(kept: Kept) -> None:
    def unlucky() -> None:
        message = "a fault of ours"
        raise ZeroDivisionError(message)

    keeper = Keeper(kept.child, tell=kept.news.append, changed=unlucky)
    await keeper.start()
    kept.child.kill()

    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(30):
            await keeper.kept()
    await keeper.stop()


async def test_who_watches_a_keeper_is_not_ended_by_the_end_that_was_asked_for(kept: Kept) -> None:
    await kept.keeper.start()
    watch = asyncio.create_task(kept.keeper.kept())
    await asyncio.sleep(0)

    await kept.keeper.stop()

    await watch
