"""The tables from release to release, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.errors import Unavailable
from xqueue_common.history import schema
from xqueue_common.history.engine import connect
from xqueue_common.history.revisions import LATEST, REVISIONS, fault
from xqueue_common.history.tables import check_tables, create_tables, migrate
from xqueue_notifier.history.rows import rows_of

HOUR_MS = CREATED_MS - CREATED_MS % 3_600_000
ENDED, OPEN = task(1), task(2, queue="other")
OF_THE_FIRST_RELEASES = ("tasks", "labels", "transitions", "retries", "logs", "positions")


@pytest.fixture
async def engine(history_url: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(history_url)
    yield engine
    await engine.dispose()


class BrokenOffError(Exception):
    """The process died."""


def made_without_migrations(connection: Connection) -> None:
    """Make what releases before migrations made."""
    schema.metadata.create_all(connection, tables=[schema.metadata.tables[name] for name in OF_THE_FIRST_RELEASES])
    connection.execute(text("DROP INDEX tasks_by_time"))


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))


async def revision(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.scalars(text("SELECT version_num FROM alembic_version")))


async def set_revision(engine: AsyncEngine, number: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})


async def test_the_migrations_make_what_the_schema_says(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await migrate(connection)
        assert await connection.run_sync(differences) == []

    assert await revision(engine) == [LATEST]
    await create_tables(engine)  # and again, without harm
    await check_tables(engine)


async def test_several_databases_are_migrated_by_one_process_at_the_same_time(tmp_path: Path) -> None:
    engines = [connect(f"sqlite:///{tmp_path}/{number}.db") for number in range(3)]

    await asyncio.gather(*map(create_tables, engines))

    assert [await revision(engine) for engine in engines] == [[LATEST]] * 3
    for engine in engines:
        await engine.dispose()


async def test_a_database_from_before_migrations_keeps_its_tasks_and_gets_the_rest(engine: AsyncEngine) -> None:
    rows = rows_of([version(ENDED, 1, "success"), version(OPEN, 1, "pending")])
    async with engine.begin() as connection:
        await connection.run_sync(made_without_migrations)
        await connection.execute(insert(schema.tasks), rows.tasks)
    with pytest.raises(Unavailable, match="older"):
        await check_tables(engine)

    await create_tables(engine)

    await check_tables(engine)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        kept = await connection.scalars(select(schema.tasks.c.task_id).order_by(schema.tasks.c.task_id))
        assert list(kept) == [ENDED.task_id, OPEN.task_id]
        hours = await connection.execute(select(schema.task_hours).order_by(*schema.task_hours.primary_key))
        assert [tuple(row) for row in hours] == [
            ("default", HOUR_MS, "default", "example", "submitted", 0, 1),
            ("default", HOUR_MS, "default", "example", "success", 0, 1),
            ("default", HOUR_MS, "other", "example", "submitted", 0, 1),
        ]
        totals = await connection.execute(select(schema.task_totals).order_by(schema.task_totals.c.measure))
        assert [tuple(row) for row in totals] == [("default", "submitted", 2), ("default", "success", 1)]


async def test_tables_of_a_later_release_are_left_alone_and_said_to_be_that(engine: AsyncEngine) -> None:
    await create_tables(engine)
    await set_revision(engine, "9999")

    for ask in (create_tables, check_tables):
        with pytest.raises(Unavailable, match=rf"later release .9999. than this one .{LATEST}."):
            await ask(engine)


async def test_tables_of_an_earlier_release_are_said_to_be_that_until_they_are_migrated(
    engine: AsyncEngine,
) -> None:
    await create_tables(engine)
    await set_revision(engine, "0004")
    async with engine.begin() as connection:
        await connection.execute(text("DROP INDEX tasks_by_time"))
    with pytest.raises(Unavailable, match=r"older .0004. than this release"):
        await check_tables(engine)

    await create_tables(engine)

    await check_tables(engine)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: {index["name"] for index in inspect(c).get_indexes("tasks")})
    assert "tasks_by_time" in names


def test_every_revision_is_known_by_its_number_and_follows_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", "xqueue_common.history:migrations")
    found = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]

    assert tuple(one.revision for one in found) == REVISIONS
    assert [one.down_revision for one in found] == [None, *REVISIONS[:-1]]
    assert fault(LATEST) is None


async def test_migrations_that_break_off_leave_everything_as_it_was(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(made_without_migrations)

    async def migrate_in_vain() -> None:
        async with engine.begin() as connection:
            await migrate(connection)
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        await migrate_in_vain()

    async with engine.connect() as connection:
        names = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    assert names == set(OF_THE_FIRST_RELEASES)
