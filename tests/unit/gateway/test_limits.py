"""Limits in an installation of several cells: each counts for itself, so all are told."""

import asyncio
from collections.abc import Sequence

import pytest
from unit.gateway.made import HeldClock

from xqueue_common.cell import Cell
from xqueue_common.codec import encode
from xqueue_common.events import Configure, read_command
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.limits import Limit
from xqueue_common.views import SettingReading, SettingView, Waiting
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.limit_order import Subject
from xqueue_gateway.control.limits import Limits
from xqueue_gateway.problems import Problem
from xqueue_gateway.tasks.fold import Fold

KEY = Subject("key", "a/b", "acme")


class Remembering(Cell):
    """Has what was set."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.applied = 0
        self.kept: dict[str, bytes] = {}

    async def setting(self, name: str) -> SettingReading:
        return SettingReading(self.applied, int(name in self.kept), self.kept.get(name))

    async def settings(self, kind: str) -> list[SettingView]:
        return [SettingView(name, 1, value) for name, value in self.kept.items() if name.startswith(kind)]

    async def waiting(self, scopes: Sequence[str]) -> Waiting:
        return Waiting(self.applied, dict.fromkeys(scopes, 2 + self.number))

    async def running(self, scopes: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(scopes, 1)


class Applying(Batcher):
    """Applies at once what is appended."""

    def __init__(self, cells: dict[int, Remembering]) -> None:
        self.cells = cells

    async def append(self, partition: int, record: Outgoing) -> int:
        await asyncio.sleep(0)
        cell, command = self.cells[partition], read_command(record.value)
        assert isinstance(command, Configure)
        cell.kept.pop(command.name, None)
        if command.value is not None:
            cell.kept[command.name] = encode(command.value)
        cell.applied += 1
        return cell.applied - 1


class Installation:
    def __init__(self) -> None:
        self.cells = {number: Remembering(number) for number in range(3)}
        self.books = {number: Book() for number in self.cells}
        fold = Fold(clock=HeldClock(), patience_s=1.0)
        configurer = Configurer(log=Applying(self.cells), cells=self.cells, books=self.books, fold=fold)
        self.limits = Limits(configurer=configurer)


async def test_a_limit_is_pinned_in_every_cell() -> None:
    installation = Installation()

    pinned = await installation.limits.put(KEY, Limit(max_concurrency=4, max_size=9))

    assert (pinned.max_concurrency, pinned.waiting, pinned.running) == (4, 2 + 3 + 4, 3)
    assert await installation.limits.get(KEY) == pinned
    for number, cell in installation.cells.items():
        assert list(cell.kept) == ["limit/key/acme/a/b"]
        assert installation.books[number].key("acme", "a/b") == Limit(max_concurrency=4, max_size=9)


async def test_a_limit_is_taken_away_in_every_cell() -> None:
    installation = Installation()
    await installation.limits.put(KEY, Limit(max_concurrency=4))

    await installation.limits.clear(KEY)

    assert not any(cell.kept for cell in installation.cells.values())
    with pytest.raises(Problem) as caught:
        await installation.limits.get(KEY)
    assert caught.value.kind.status == 404


def caller(tenant: str, sees: str | None, *, operator: bool = False) -> Caller:
    return Caller(tenant, sees, operator, "somebody", None, None, None)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (caller("acme", "acme"), ["a/b", "ocr"]),
        (caller("other", "other"), ["k", "other", "ocr"]),
        (caller("acme", "acme", operator=True), ["a/b", "other", "ocr"]),
        (caller("default", None, operator=True), ["a/b", "k", "other", "ocr"]),
    ],
    ids=["a tenant", "another", "an operator for a tenant", "an operator"],
)
async def test_a_limit_is_listed_once_and_only_to_those_whom_it_concerns(who: Caller, seen: list[str]) -> None:
    installation = Installation()
    subjects = (KEY, Subject("key", "k", "other"), Subject("tenant", "other"), Subject("type", "ocr"))
    for subject in subjects:
        await installation.limits.put(subject, Limit(weight=2))

    listed = await installation.limits.all(who)

    assert [limit.name for limit in listed] == seen
    assert all(limit.waiting == (None if limit.kind == "type" else 9) for limit in listed)
