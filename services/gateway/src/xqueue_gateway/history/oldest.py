"""How long the oldest waiting task of a queue has been waiting."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ScalarSelect, Select, func, select

from xqueue_common.errors import Unavailable
from xqueue_common.history.schema import tasks
from xqueue_common.lifecycle import Status
from xqueue_gateway.history.database import Database

_PATIENCE_S = 1.0


class Oldest:
    """When the oldest waiting task of a queue was submitted; nobody waits long for that, or fails without it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submitted_ms(self, queues: Sequence[str]) -> dict[str, int]:
        """Return when the oldest waiting task of each queue was submitted, of those that can be told in time."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                answers = await self._database.ask(*map(_oldest, queues))
        except (TimeoutError, Unavailable):
            return {}
        found = {
            queue: [ms for row in rows for ms in row if ms is not None]
            for queue, rows in zip(queues, answers, strict=True)
        }
        return {queue: min(ms) for queue, ms in found.items() if ms}


def _oldest(queue: str) -> Select[Any]:
    """Jump from tenant to tenant, and read each one's open tasks from the oldest on: never the ended ones."""
    tenants = _tenants()
    first = (_first(tenants, queue, status) for status in (Status.PENDING, Status.SCHEDULED))
    return select(*(func.min(submitted) for submitted in first)).select_from(tenants)


def _tenants() -> CTE:
    found = select(func.min(tasks.c.tenant).label("tenant")).cte("tenants", recursive=True)
    after = select(func.min(tasks.c.tenant)).where(tasks.c.tenant > found.c.tenant).scalar_subquery()
    return found.union_all(select(after).where(found.c.tenant.is_not(None)))


def _first(tenants: CTE, queue: str, status: Status) -> ScalarSelect[Any]:
    # No plain comparison of the queue: its index holds the ended ones too, and databases would take it.
    wanted = (tasks.c.tenant == tenants.c.tenant, tasks.c.status == status, tasks.c.queue.concat("") == queue)
    first = select(tasks.c.created_ms).where(*wanted).order_by(tasks.c.created_ms).limit(1)
    return first.correlate(tenants).scalar_subquery()
