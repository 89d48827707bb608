"""Looking into a history as its readers do."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, Table, select

from xqueue_common.history.engine import connect
from xqueue_common.history.schema import labels, logs, positions, task_totals, tasks, transitions


class Library:
    """The tables of a history, each as a list of rows."""

    def __init__(self, url: str) -> None:
        self._engine = connect(url)

    async def close(self) -> None:
        """Disconnect."""
        await self._engine.dispose()

    async def all(self, table: Table) -> list[Any]:
        """Return all rows, in the order of the primary key."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(select(table).order_by(*table.primary_key))).all())

    async def tasks(self) -> dict[str, tuple[int, str]]:
        """Return version and status by task."""
        return {row.task_id: (row.version, row.status) for row in await self.all(tasks)}

    async def transitions(self) -> list[tuple[str, int]]:
        """Return task and version of every transition."""
        return [(row.task_id, row.version) for row in await self.all(transitions)]

    async def totals(self) -> dict[str, int]:
        """Return how many tasks were counted, over all tenants."""
        found: Counter[str] = Counter()
        for row in await self.all(task_totals):
            found[row.measure] += row.tasks
        return dict(found)

    async def lines(self) -> list[str]:
        """Return what handlers logged."""
        return [row.message for row in await self.all(logs)]

    async def drop(self, table: Table) -> None:
        """Take a table away."""
        async with self._engine.begin() as connection:
            await connection.run_sync(table.drop)

    async def clear(self) -> None:
        """Take all tables away, and what says of which revision they were."""
        async with self._engine.begin() as connection:
            found = MetaData()
            await connection.run_sync(found.reflect)
            await connection.run_sync(found.drop_all)

    async def contents(self) -> list[list[Any]]:
        """Return all that readers see."""
        return [await self.all(table) for table in (tasks, transitions, labels, logs)]

    async def next_offset(self) -> int:
        """Return how far the status log is read."""
        rows = [row for row in await self.all(positions) if row.topic.endswith("status")]
        return int(rows[0].next_offset) if rows else 0


async def same(seen: Awaitable[Any], wanted: Any) -> bool:
    """Whether this is what is seen."""
    return bool(await seen == wanted)


@asynccontextmanager
async def library(url: str) -> AsyncIterator[Library]:
    """Look into a history as long as the block lasts."""
    opened = Library(url)
    try:
        yield opened
    finally:
        await opened.close()
