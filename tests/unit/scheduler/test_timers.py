"""Due timers are appended once, and not named again before they have come back."""

import asyncio
from collections.abc import Sequence

import pytest
from support.scheduler.logs import PaperLogs

from xqueue_common.errors import OutcomeUnknown
from xqueue_common.events import TimerFired, read_report
from xqueue_common.kafka.producer import Outgoing, Producer, Span
from xqueue_scheduler.errors import TakeAgain
from xqueue_scheduler.store.values import DueTimer
from xqueue_scheduler.timers import Timers

TASK = "00000000-03e8-7000-8000-000000000001"
DUE = DueTimer(TASK, "1.1.0", "lease", 5_000)
SECOND_MS = 1_000


@pytest.fixture
def logs() -> PaperLogs:
    return PaperLogs()


@pytest.fixture
def timers(logs: PaperLogs) -> Timers:
    return Timers(logs.producer("test"), "reports", 0)


async def fire(timers: Timers) -> None:
    moved = asyncio.Event()
    timers.fire([DUE], moved)
    await moved.wait()


@pytest.mark.parametrize(
    ("next_due_ms", "elapsed_ms", "wait_ms"),
    [
        (None, 0, SECOND_MS),
        (1_300, 0, 300),
        (1_300, 100, 200),
        (1_300, 500, 0),
        (900, 0, 0),
        (99_000, 0, SECOND_MS),
    ],
)
def test_the_owner_waits_until_a_timer_is_due_and_a_second_at_most(
    timers: Timers, next_due_ms: int | None, elapsed_ms: int, wait_ms: int
) -> None:
    timers.heard(1_000, next_due_ms)
    assert timers.wait_ms(elapsed_ms, reports=0) == wait_ms


async def test_a_due_timer_is_appended_as_it_was_named(timers: Timers, logs: PaperLogs) -> None:
    await fire(timers)
    timers.settle()
    [record] = logs.records("reports", 0)
    assert read_report(record.value) == TimerFired(TASK, "1.1.0", "lease", 5_000)
    assert record.key == TASK.encode()


async def test_fired_timers_are_away_until_the_reports_are_read_behind_them(timers: Timers) -> None:
    timers.heard(6_000, 5_000)
    timers.fire([DUE], asyncio.Event())
    assert timers.away(0)
    await asyncio.sleep(0)
    await fire_is_done(timers)
    assert timers.away(0)
    assert timers.wait_ms(0, reports=0) == SECOND_MS
    assert not timers.away(1)
    assert timers.wait_ms(0, reports=1) == 0


async def fire_is_done(timers: Timers) -> None:
    assert timers._sending is not None
    await timers._sending
    timers.settle()


async def test_without_a_due_timer_nothing_is_appended(timers: Timers, logs: PaperLogs) -> None:
    timers.fire([], asyncio.Event())
    assert not timers.away(0)
    assert logs.records("reports", 0) == []


class Silent(Producer):
    """Never hears an acknowledgement."""

    async def append(self, topic: str, partition: int, records: Sequence[Outgoing]) -> list[Span]:  # noqa: ARG002  # of the real one
        """Fail."""
        raise OutcomeUnknown(topic)


async def test_an_append_of_unknown_outcome_has_the_cell_taken_again() -> None:
    timers = Timers(Silent("nowhere", client_id="test"), "reports", 0)
    await fire(timers)
    with pytest.raises(TakeAgain, match="due timers"):
        timers.settle()
    timers.settle()
