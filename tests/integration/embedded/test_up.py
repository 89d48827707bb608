"""`up` as a process: what it answers to signals, and that nothing outlives it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from integration.embedded import up_with_stubs
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_embedded import Endpoints, Kafka, read_endpoints

Up = Callable[[], Awaitable[Process]]


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Up]:
    """Start an `up` on the test's state directory."""
    with unless_missing():
        await Kafka(state_dir=tmp_path).fetch()
    started = []

    async def start() -> Process:
        command = (sys.executable, up_with_stubs.__file__, str(tmp_path), "0")
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_asked_to_stop_it_leaves_nothing_running(up: Up, tmp_path: Path, number: signal.Signals) -> None:
    process = await up()
    endpoints = await everything_answers(tmp_path)

    process.send_signal(number)
    output = await end_of(process)

    assert process.returncode == 0, output
    assert not [pid for pid in pids(endpoints) if runs(pid)]
    assert not (tmp_path / "endpoints.json").exists()
    assert "kafka stopped" in output


async def test_asked_while_it_starts_it_leaves_nothing_running(up: Up, tmp_path: Path) -> None:
    process = await up()
    await eventually((tmp_path / "logs" / "kafka.log").exists)

    process.send_signal(signal.SIGTERM)
    output = await end_of(process)

    assert process.returncode == 0, output
    assert not processes_in(tmp_path)


async def test_killed_it_takes_everything_with_it_and_the_next_one_starts_at_the_same_addresses(
    up: Up, tmp_path: Path
) -> None:
    process = await up()
    before = await everything_answers(tmp_path)
    process.kill()
    await end_of(process)
    await eventually(lambda: not [pid for pid in pids(before) if runs(pid)])
    (tmp_path / "endpoints.json").unlink()

    await up()
    after = await everything_answers(tmp_path)

    assert after.kafka.bootstrap == before.kafka.bootstrap
    assert after.redis.url == before.redis.url
    assert after.mqtt.port == before.mqtt.port


async def test_asked_twice_it_ends_at_once(up: Up, tmp_path: Path) -> None:
    process = await up()
    endpoints = await everything_answers(tmp_path)
    signal_child(endpoints.gateway.pid, signal.SIGSTOP)  # so that a clean stop takes long

    process.send_signal(signal.SIGINT)
    await line_of(process, "stopping")
    await eventually(lambda: insisted_on(process))

    assert process.returncode == 130
    assert not [pid for pid in pids(endpoints) if runs(pid)]


async def test_a_second_one_is_refused_and_names_the_first(up: Up, tmp_path: Path) -> None:
    first = await up()
    await everything_answers(tmp_path)

    second = await up()
    output = await end_of(second)

    assert second.returncode == 1
    assert f"in use by the process {first.pid}" in output
    assert (tmp_path / "endpoints.json").exists()


async def test_a_dead_service_is_told_of_in_one_line(up: Up, tmp_path: Path) -> None:
    process = await up()
    endpoints = await everything_answers(tmp_path)

    signal_child(endpoints.workers[0].pid, signal.SIGKILL)

    line = await line_of(process, "worker was ended by SIGKILL")
    assert "starting it again in 0.1 s" in line
    await eventually(lambda: read_endpoints(tmp_path / "endpoints.json").workers != endpoints.workers)


def insisted_on(process: Process) -> bool:
    """Press Ctrl-C again; two of them within a moment would count as one."""
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    return process.returncode is not None


async def everything_answers(state_dir: Path) -> Endpoints:
    return await eventually(lambda: read_endpoints(state_dir / "endpoints.json"), timeout_s=60)


async def end_of(process: Process) -> str:
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return output.decode()


async def line_of(process: Process, text: str) -> str:
    assert process.stdout
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode():
            if text in line:
                return line
    raise AssertionError(text)


def pids(endpoints: Endpoints) -> list[int]:
    services = [endpoints.gateway.pid, endpoints.scheduler.pid, endpoints.workers[0].pid, endpoints.notifier.pid]
    return [*services, endpoints.kafka.pid, endpoints.redis.pid, endpoints.mqtt.pid]


def runs(pid: int) -> bool:
    """Tell whether a process is there and is no zombie, whom nobody here may reap."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processes_in(state_dir: Path) -> list[str]:
    """The command lines that name the state directory."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(cmdline.read_text().replace("\0", " "))
    return [line for line in found if str(state_dir) in line]


def signal_child(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)
