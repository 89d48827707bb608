"""The newest low-water mark is found however far back it stands."""

from typing import Any

import pytest
from support.scheduler.logs import PaperLogs

from xqueue_common.codec import encode
from xqueue_common.errors import PositionLost
from xqueue_common.events import Checkpoint, LowWater, Takeover
from xqueue_common.kafka.producer import Outgoing
from xqueue_scheduler import lowwater
from xqueue_scheduler.lowwater import find_low_water
from xqueue_scheduler.records import LOW_WATER

MARK, OTHER = LowWater(3, 2, 1), LowWater(30, 20, 10)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> PaperLogs:
    monkeypatch.setattr(lowwater, "_FIRST_LOOK", 4)
    return PaperLogs()


def write(logs: PaperLogs, record: Any, mark: LowWater | bytes | None = None) -> None:
    value = mark if isinstance(mark, bytes) else encode(mark)
    logs.append("status", 0, Outgoing(encode(record), None, [(LOW_WATER, value)] if mark else []))


def written(epoch: int = 0) -> Checkpoint:
    return Checkpoint(epoch, 1, 0, 0, {})


async def find(logs: PaperLogs) -> LowWater:
    tail = logs.tail("status", 0)
    return await find_low_water(tail, await tail.end())


async def test_in_an_empty_log_everything_is_needed(logs: PaperLogs) -> None:
    assert await find(logs) == LowWater(0, 0, 0)


@pytest.mark.parametrize("behind", [0, 3, 4, 5, 100])
async def test_the_mark_is_found_whatever_stands_behind_it(logs: PaperLogs, behind: int) -> None:
    write(logs, written(), OTHER)
    write(logs, written(), MARK)
    for _ in range(behind):
        write(logs, written())
    assert await find(logs) == MARK


async def test_a_takeover_carries_a_mark_as_well(logs: PaperLogs) -> None:
    write(logs, written(), OTHER)
    write(logs, Takeover("s", 1), MARK)
    assert await find(logs) == MARK


async def test_the_mark_of_a_replaced_owner_does_not_count(logs: PaperLogs) -> None:
    write(logs, Takeover("a", 1))
    write(logs, written(0), MARK)
    write(logs, Takeover("b", 1))
    for _ in range(10):
        write(logs, written(0), OTHER)
    assert await find(logs) == MARK


@pytest.mark.parametrize("mark", [b"?", b"{}", b'{"status":-1,"commands":0,"reports":0}'])
async def test_a_mark_that_nobody_can_read_is_passed_over(logs: PaperLogs, mark: bytes) -> None:
    write(logs, written(), MARK)
    write(logs, written(), mark)
    assert await find(logs) == MARK


async def test_a_log_without_its_beginning_and_without_a_mark_is_an_alarm(logs: PaperLogs) -> None:
    for _ in range(3):
        write(logs, written())
    await logs.forget("status", 0, 1)
    with pytest.raises(PositionLost):
        await find(logs)
