"""Due runs are appended once, and not again before they have come back."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest
from msgspec import Raw
from support.scheduler.logs import PaperLogs
from support.scheduler.scheduling import scheduled

from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import Command, Configure, Submit, read_command
from xqueue_common.kafka.producer import MAX_RECORD_BYTES, Outgoing, Producer, Span
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_scheduler.errors import TakeAgain
from xqueue_scheduler.schedules.runner import Runner
from xqueue_scheduler.store.values import DueRun

SECOND_MS = 1_000
NOW_MS = 500_000


@pytest.fixture
def logs() -> PaperLogs:
    return PaperLogs()


@pytest.fixture
def runner(logs: PaperLogs) -> Runner:
    return Runner(logs.producer("test"), "commands", 0)


def due(name: str = "s", **fields: object) -> DueRun:
    known = {"every_ms": SECOND_MS, "next_ms": NOW_MS, "schedule_id": name, **fields}
    value: Schedule = scheduled(**known)
    return DueRun(schedule_setting("acme", name), 3, msgspec.json.encode(value).decode())


async def ran(runner: Runner, *runs: DueRun) -> int:
    moved = asyncio.Event()
    count = runner.run(runs, NOW_MS, moved)
    if count:
        await moved.wait()
    return count


def appended(logs: PaperLogs) -> list[Command]:
    return [read_command(record.value) for record in logs.records("commands", 0)]


async def test_a_due_run_is_appended_under_the_name_of_its_task(runner: Runner, logs: PaperLogs) -> None:
    assert await ran(runner, due()) == 1
    [record] = logs.records("commands", 0)
    command = read_command(record.value)
    assert isinstance(command, Submit)
    assert command.run
    assert (command.run.version, command.run.due_ms) == (3, NOW_MS)
    assert record.key == command.spec.task_id.encode()


async def test_runs_are_away_until_the_commands_are_read_behind_them(runner: Runner) -> None:
    assert not runner.away(0)
    runner.run([due("a"), due("b")], NOW_MS, asyncio.Event())
    assert runner.away(0)
    while runner._sending is not None:
        await asyncio.sleep(0)
        runner.settle()
    assert runner.away(1)
    assert not runner.away(2)


async def test_without_a_due_run_nothing_is_appended(runner: Runner, logs: PaperLogs) -> None:
    assert await ran(runner) == 0
    assert not runner.away(0)
    assert appended(logs) == []


async def test_a_flood_of_missed_runs_comes_in_parts(runner: Runner, logs: PaperLogs) -> None:
    many = [due(f"s{n}", missed="all", next_ms=NOW_MS - 99 * SECOND_MS) for n in range(20)]
    assert await ran(runner, *many) == 500
    assert len(appended(logs)) == 500


async def test_large_payloads_come_in_smaller_parts(runner: Runner) -> None:
    large = Raw(b'"%s"' % (b"x" * 400_000))
    assert await ran(runner, due(missed="all", payload=large, next_ms=NOW_MS - 99 * SECOND_MS)) == 6


async def test_a_schedule_that_is_too_large_to_run_goes_on_without_a_task(runner: Runner, logs: PaperLogs) -> None:
    huge = Raw(b'"%s"' % (b"x" * (MAX_RECORD_BYTES - 10_000)))
    assert await ran(runner, due(payload=huge), due("small")) == 2
    skip, small = appended(logs)
    assert isinstance(skip, Configure)
    assert isinstance(skip.value, Schedule)
    assert (skip.expected, skip.value.next_ms) == (3, NOW_MS + SECOND_MS)
    assert isinstance(small, Submit)


class Silent(Producer):
    """Never hears an acknowledgement."""

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:  # noqa: ARG002  # of the real one
        """Fail."""
        raise OutcomeUnknown(topic)


async def test_an_append_of_unknown_outcome_has_the_cell_taken_again() -> None:
    runner = Runner(Silent("nowhere", client_id="test"), "commands", 0)
    await ran(runner, due())
    with pytest.raises(TakeAgain, match="due runs"):
        runner.settle()
    runner.settle()
