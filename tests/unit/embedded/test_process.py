"""One child process: what it says on failure, and that nothing of it stays."""

import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from signal import SIGTERM

import pytest
from support.eventually import eventually

from xqueue_embedded.errors import CommandFailed, StartFailed
from xqueue_embedded.processes.command import run_to_end
from xqueue_embedded.processes.launch import Launch
from xqueue_embedded.processes.process import Process

Spawn = Callable[[str], Process]

DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
WITH_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
"""


@pytest.fixture
async def spawn(tmp_path: Path) -> AsyncIterator[Spawn]:
    """Run a piece of Python as a child."""
    spawned: list[Process] = []

    def run(code: str) -> Process:
        process = Process("example", Launch(argv=(sys.executable, "-c", code)), log=tmp_path / "example.log")
        process.spawn()
        spawned.append(process)
        return process

    yield run
    for process in spawned:
        process.kill()
        await process.wait()


async def test_a_child_that_ends_while_starting_shows_its_last_lines(spawn: Spawn) -> None:
    process = spawn("print('line of an old time\\n' * 100); raise SystemExit('no such broker')")

    with pytest.raises(StartFailed, match=r"(?s)exit status 1.*no such broker"):
        await process.until_ready(never, timeout_s=30)


async def test_a_child_lets_others_go_first_as_it_was_told_to(tmp_path: Path) -> None:
    process = Process("nice", Launch(argv=(sys.executable, "-c", DEAF), nice=3), log=tmp_path / "nice.log")
    process.spawn()
    try:
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 3
    finally:
        process.kill()
        await process.wait()


async def test_only_the_lines_of_the_present_run_are_shown(spawn: Spawn) -> None:
    await spawn("print('first run')").wait()
    process = spawn("print('second run')")
    await process.wait()

    assert process.log_tail().split() == ["second", "run"]


async def test_a_child_that_never_answers_is_given_up(spawn: Spawn) -> None:
    process = spawn("import time; time.sleep(600)")

    with pytest.raises(StartFailed, match="did not answer within"):
        await process.until_ready(never, timeout_s=0.1)


async def test_a_child_that_ignores_sigterm_is_killed(spawn: Spawn) -> None:
    process = spawn(DEAF)
    await eventually(lambda: "deaf" in process.log_tail())

    assert await process.stop(SIGTERM, patience_s=0.1) == -9


async def test_what_a_child_leaves_behind_is_killed(spawn: Spawn) -> None:
    process = spawn(WITH_CHILD)
    assert await process.wait() == 0

    grandchild = int(process.log_tail())

    await eventually(lambda: has_ended(grandchild))


async def test_a_second_waiter_and_late_signals_do_no_harm(spawn: Spawn) -> None:
    process = spawn("raise SystemExit(3)")

    assert [await process.wait(), await process.wait()] == [3, 3]
    process.signal(SIGTERM)
    process.kill()


async def test_the_end_is_seen_also_where_the_kernel_does_not_tell(
    spawn: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open")

    assert await spawn("raise SystemExit(3)").wait() == 3


async def test_a_command_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    launch = Launch(argv=(sys.executable, "-c", "raise SystemExit('disk full')"))

    with pytest.raises(CommandFailed, match=r"(?s)example ended with exit status 1.*disk full"):
        await run_to_end("example", launch, log=tmp_path / "log", timeout_s=30)


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    launch = Launch(argv=(sys.executable, "-c", "import time; time.sleep(600)"))

    with pytest.raises(CommandFailed, match="took longer than"):
        await run_to_end("example", launch, log=tmp_path / "log", timeout_s=0.1)


async def never() -> bool:
    return False


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
