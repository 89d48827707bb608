"""A history written by the notifier's own code, and read by the gateway's."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Raw
from unit.notifier.records import version

from xqueue_common.codec import encode
from xqueue_common.events import StatusRecord, Submit
from xqueue_common.history.engine import connect
from xqueue_common.registry.records import AuditRecord
from xqueue_common.task import TaskSpec
from xqueue_gateway.history.database import Database
from xqueue_notifier.history.payloads import field_rows, read_submitted
from xqueue_notifier.history.rows import audit_rows, rows_of
from xqueue_notifier.history.store import Store


class Kept:
    """A history with its writer and its reader."""

    def __init__(self, url: str) -> None:
        self._engine = connect(url)
        self.store = Store(self._engine)
        self.database = Database(url)

    async def keep(self, *records: StatusRecord) -> None:
        """Write versions of tasks."""
        await self.store.apply(rows_of(records), {})

    async def submit(self, spec: TaskSpec, payload: Any) -> None:
        """Write a task that waits, and what its payload says."""
        await self.keep(version(spec, 1, "pending"))
        submitted = read_submitted(encode(Submit(spec, Raw(encode(payload)))))
        assert submitted
        await self.store.add_payload_fields(field_rows([submitted], 32), {})

    async def act(self, acts: Iterable[AuditRecord]) -> None:
        """Write acts of administrators."""
        await self.store.add_audit(audit_rows(acts), {})

    async def close(self) -> None:
        """Disconnect."""
        await self.database.close()
        await self._engine.dispose()


@asynccontextmanager
async def keeping(url: str) -> AsyncIterator[Kept]:
    """Keep a history as long as the block lasts."""
    kept = Kept(url)
    await kept.store.prepare()
    try:
        yield kept
    finally:
        await kept.close()
