"""Changing settings: whoever else changes them at the same time, none is lost, and none is answered too early."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs
from unit.gateway.made import HeldClock

from xqueue_common.cell import Cell
from xqueue_common.codec import encode
from xqueue_common.events import Configure, read_command
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.limits import QueueSettings
from xqueue_common.views import SettingReading
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.configurer import TRIES, Configurer
from xqueue_gateway.control.queue_view import settings_in
from xqueue_gateway.problems import Problem
from xqueue_gateway.tasks.fold import Fold

NAME = "queue/images"


class TickingClock(HeldClock):
    """Goes on whenever somebody looks at it."""

    def monotonic_ms(self) -> int:
        self.now += 1
        return self.now


class LogAndCell(Batcher, Cell):
    """Applies what is appended when the test lets it."""

    def __init__(self) -> None:
        self.number = 0
        self.appended: list[Configure] = []
        self.applied = 0
        self.applies = True
        self.version = 0
        self.settings_now: QueueSettings | None = None

    async def append(self, partition: int, record: Outgoing) -> int:
        assert partition == self.number
        command = read_command(record.value)
        assert isinstance(command, Configure)
        self.appended.append(command)
        await asyncio.sleep(0)
        return len(self.appended) - 1

    async def setting(self, name: str) -> SettingReading:
        assert name == NAME
        await asyncio.sleep(0)
        while self.applies and self.applied < len(self.appended):
            self.apply(self.appended[self.applied])
            self.applied += 1
        value = None if self.settings_now is None else encode(self.settings_now)
        return SettingReading(self.applied, self.version, value)

    def apply(self, command: Configure) -> None:
        assert command.value is None or isinstance(command.value, QueueSettings)
        if command.expected in (None, self.version):
            self.settings_now = command.value
            self.version = 0 if command.value is None else self.version + 1


@dataclass
class Bench:
    both: LogAndCell = field(default_factory=LogAndCell)
    book: Book = field(default_factory=Book)

    def __post_init__(self) -> None:
        fold = Fold(clock=TickingClock(), patience_s=0.0)
        self.configurer = Configurer(log=self.both, cells={0: self.both}, books={0: self.book}, fold=fold)

    async def change(self, **fields: Any) -> QueueSettings | None:
        def change(before: SettingReading) -> QueueSettings:
            return structs.replace(settings_in(before.value) or QueueSettings(), **fields)

        return settings_in((await self.configurer.change(0, NAME, change)).value)


async def test_a_change_is_answered_when_it_is_in_force() -> None:
    bench = Bench()

    assert await bench.change(workers=3) == QueueSettings(workers=3)
    assert bench.book.queue("images") == QueueSettings(workers=3)


async def test_changes_at_the_same_time_are_all_kept() -> None:
    bench = Bench()

    await asyncio.gather(bench.change(workers=3), bench.change(max_size=4), bench.change(priority=5))

    assert bench.both.settings_now == QueueSettings(workers=3, max_size=4, priority=5)
    assert bench.book.queue("images") == bench.both.settings_now


async def test_changes_through_other_gateways_are_kept_too() -> None:
    here, there = Bench(), Bench()
    there.configurer.cells = {0: here.both}
    there.configurer._log = here.both

    await asyncio.gather(here.change(workers=3), there.change(max_size=4), here.change(priority=5))

    assert here.both.settings_now == QueueSettings(workers=3, max_size=4, priority=5)


async def test_what_is_so_already_is_not_appended() -> None:
    bench = Bench()
    await bench.change(workers=3)

    await bench.change(workers=3)

    assert len(bench.both.appended) == 1


async def test_a_setting_that_others_change_all_the_time_is_given_up() -> None:
    bench = Bench()
    seen = 0

    def change(_: SettingReading) -> QueueSettings:
        nonlocal seen
        seen += 1
        bench.both.appended.append(Configure(NAME, QueueSettings(workers=seen)))  # somebody else's, before ours
        return QueueSettings(priority=1)

    with pytest.raises(Problem) as caught:
        await bench.configurer.change(0, NAME, change)

    assert (caught.value.kind.status, caught.value.retry_after_s, seen) == (503, 1, TRIES)


async def test_a_scheduler_that_is_behind_is_not_waited_for_without_end() -> None:
    bench = Bench()
    bench.both.applies = False

    with pytest.raises(Problem) as caught:
        await bench.change(workers=3)

    assert len(bench.both.appended) == 1
    assert (caught.value.kind.status, caught.value.errors[0].field) == (503, "scheduler")
