"""Deliveries in the history: for whoever lists them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from xqueue_common.codec import encode
from xqueue_common.history.faults import translated
from xqueue_common.history.schema import deliveries
from xqueue_common.webhooks import Delivery
from xqueue_notifier.metrics import ROWS

_INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_CHANGING = ("url", "state", "attempts", "updated_ms", "due_ms", "record")


class ListStore:
    """The table of deliveries, as its writer sees it.

    Every method raises ``Unavailable`` while the database is away; ``put`` raises ``Undecodable`` when it cannot
    hold a row, and has then written nothing.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._upsert = _upsert(engine.dialect.name)

    async def put(self, records: Iterable[Delivery]) -> None:
        """Write how deliveries stand; what is older than what stands there changes nothing."""
        rows = [row_of(record) for record in records]
        with translated():
            async with self._engine.begin() as connection:
                if rows:
                    await connection.execute(self._upsert, rows)
        ROWS.labels(table="deliveries").inc(len(rows))


def row_of(record: Delivery) -> dict[str, Any]:
    """Return the row of a delivery."""
    return {
        "delivery_id": record.id,
        "task_id": record.task_id,
        "tenant": record.tenant,
        "subscription_id": record.subscription,
        "event": record.event.value,
        "url": record.url,
        "state": record.state.value,
        "attempts": record.attempts,
        "created_ms": record.created_ms,
        "updated_ms": record.updated_ms,
        "due_ms": record.due_ms,
        "record": encode(record).decode(),
    }


def _upsert(dialect: str) -> Any:
    insert = _INSERTS[dialect](deliveries)
    new, old = insert.excluded, deliveries.c
    later = or_(new.attempts > old.attempts, and_(new.attempts == old.attempts, new.updated_ms > old.updated_ms))
    return insert.on_conflict_do_update(
        index_elements=["delivery_id"], set_={name: new[name] for name in _CHANGING}, where=later
    )
