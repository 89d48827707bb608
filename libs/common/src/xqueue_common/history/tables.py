"""Making the tables, bringing them from one release to the next, and seeing whether they are ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from xqueue_common.errors import Unavailable
from xqueue_common.history.engine import connect
from xqueue_common.history.faults import translated
from xqueue_common.history.revisions import REVISIONS, fault
from xqueue_common.history.schema import metadata, tasks

_CREATING = 0x78710001
"""Number of the PostgreSQL lock under which tables are made."""
_MIGRATING = asyncio.Lock()
"""Alembic keeps what it works on in globals: in one process one database after the other."""
_PLACE = "xqueue_common.history:migrations"
_VERSIONS = "alembic_version"
_PATIENCE_S = 3_600.0
"""An index on a hundred million tasks takes a while."""


async def create_tables(engine: AsyncEngine) -> None:
    """Make what is missing and migrate what is older, again and again without harm.

    Raises:
        Unavailable: the database is away, or its tables are of a later release.
    """
    with translated():
        async with _patient(engine) as patient, patient.begin() as connection:
            await migrate(connection)
            # Beyond the migrations: a table that somebody has dropped is made again, empty.
            await connection.run_sync(metadata.create_all)


async def check_tables(engine: AsyncEngine) -> None:
    """Return if the database answers, and its tables are those of this release or not made yet.

    Raises:
        Unavailable: it does not, or they are not.
    """
    with translated():
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
            wrong = await connection.run_sync(_wrong)
    if wrong:
        part = "history"
        raise Unavailable(part, wrong)


async def migrate(connection: AsyncConnection) -> None:
    """Bring the tables to the latest revision, within the connection's transaction.

    Raises:
        Unavailable: they are of a later release.
    """
    async with _MIGRATING:
        await _alone(connection)
        await connection.run_sync(_upgrade)


@asynccontextmanager
async def _patient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """Yield an engine for the same database whose statements may take long."""
    if engine.dialect.name != "postgresql":
        yield engine
        return
    patient = connect(engine.url.render_as_string(hide_password=False), statement_s=_PATIENCE_S)
    try:
        yield patient
    finally:
        await patient.dispose()


async def _alone(connection: AsyncConnection) -> None:
    """Wait until nobody else makes tables: two at once fail on each other's."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
    else:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    found = _revision(connection)
    if found is not None and found not in REVISIONS:
        part = "history"
        raise Unavailable(part, fault(found) or "")
    # Only who migrates pays for it: half a second at the start of a process.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _PLACE)
    command.upgrade(config, "head")


def _wrong(connection: Connection) -> str | None:
    begun = inspect(connection).has_table(tasks.name)
    return fault(_revision(connection)) if begun else None


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSIONS):
        return None
    # Of two, which nobody but a hand can have written, both are named.
    return ", ".join(sorted(connection.scalars(text(f"select version_num from {_VERSIONS}")))) or None  # noqa: S608
