"""The age of a queue: of its oldest waiting task, whoever owns it, and never of one that has ended."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from xqueue_common.history import schema
from xqueue_common.history.engine import connect
from xqueue_common.history.tables import create_tables
from xqueue_gateway.history.database import Database
from xqueue_gateway.history.oldest import Oldest, _oldest


def row(number: int, tenant: str, queue: str, status: str) -> dict[str, Any]:
    return {
        "task_id": str(number),
        "tenant": tenant,
        "queue": queue,
        "type": "noop",
        "status": status,
        "version": 1,
        "created_ms": number,
        "spec": "{}",
        "state": "{}",
    }


ROWS = [
    row(1, "a", "images", "success"),
    row(2, "b", "images", "processing"),
    row(3, "b", "texts", "scheduled"),
    row(5, "a", "images", "pending"),
    row(4, "c", "images", "pending"),
    row(6, "c", "images", "scheduled"),
    row(7, "c", "idle", "failed"),
]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    engine = connect(url)
    await create_tables(engine)
    async with engine.begin() as connection:
        await connection.execute(insert(schema.tasks), ROWS)
    await engine.dispose()
    database = Database(url)
    yield database
    await database.close()


async def test_the_oldest_waiting_task_of_each_queue_is_found(database: Database) -> None:
    assert await Oldest(database).submitted_ms(["images", "texts", "idle", "unknown"]) == {"images": 4, "texts": 3}


async def test_only_open_tasks_are_looked_at(database: Database) -> None:
    plan = f"EXPLAIN QUERY PLAN {_oldest('images').compile(compile_kwargs={'literal_binds': True})}"
    engine: Any = database._engine
    async with engine.connect() as connection:
        steps = [str(step[-1]) for step in (await connection.execute(text(plan))).all()]

    of_tasks = [step for step in steps if "tasks" in step and "tasks_by_tenant" not in step]
    assert any("tasks_by_status (tenant=? AND status=?)" in step for step in of_tasks), steps
    assert not [step for step in steps if step.startswith("SCAN tasks")], steps


async def test_without_a_history_no_age_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nothing' / 'history.db'}")

    assert await Oldest(database).submitted_ms(["images"]) == {}
    await database.close()
