"""The agents that keep the history."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

from xqueue_common.artifacts import ArtifactStore
from xqueue_common.clock import SystemClock
from xqueue_common.events import LogRecord, ProgressTopicRecord, StatusRecord, StatusTopicRecord
from xqueue_common.history.engine import connect
from xqueue_common.ops import Health
from xqueue_common.registry.records import AuditRecord
from xqueue_notifier.history.artifacts import ArtifactSweep
from xqueue_notifier.history.expiry import Expiry
from xqueue_notifier.history.payloads import Submitted, field_rows, read_submitted
from xqueue_notifier.history.retention import Days, Retention
from xqueue_notifier.history.rows import audit_rows, log_rows, rows_of
from xqueue_notifier.history.sink import TableSink
from xqueue_notifier.history.store import Places, Store
from xqueue_notifier.intake.intake import KEPT_S, Pace
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.settings import NotifierSettings


class HistoryAgents:
    """What writes to the database, and what deletes there."""

    def __init__(self, settings: NotifierSettings, intakes: Intakes, health: Health) -> None:
        """Make them.

        Raises:
            ConfigError: the address of the database, or of the artifacts, makes no sense.
        """
        self._settings = settings
        self._intakes = intakes
        self._artifacts = ArtifactStore.of(settings)
        self._engine = connect(settings.history_url)
        self._store = Store(self._engine)
        self._pace = Pace(settings.history_batch, KEPT_S)
        self._days = Days(
            settings.history_retention_days, settings.statistics_retention_days, settings.audit_retention_days
        )
        health.watch("history", self._store.check)

    def all(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield every agent's name and what runs it."""
        settings, clock = self._settings, SystemClock()
        yield "history", self._history().run
        yield "logs", self._logs().run
        yield "audit", self._audit().run
        if settings.history_payload_fields:
            yield "payloads", self._payloads().run
        expiry = Expiry(self._engine)
        yield "retention", Retention(store=self._store, expiry=expiry, clock=clock, days=self._days).run
        if self._artifacts.configured:
            days = self._days.tasks
            sweep = ArtifactSweep(artifacts=self._artifacts, store=self._store, clock=clock, days=days)
            yield "artifacts", sweep.run

    async def release(self) -> None:
        """Disconnect from the database."""
        await self._engine.dispose()

    def _history(self) -> TableSink[StatusTopicRecord, StatusRecord]:
        clock, days, store = SystemClock(), self._days, self._store

        async def write(records: Sequence[StatusRecord], places: Places) -> None:
            since_ms = days.counts_since_ms(clock.now_ms())
            await store.apply(rows_of(records, counts_since_ms=since_ms), places)

        intake = self._intakes.status("history", pace=self._pace, remembered=store.position)
        return TableSink(intake=intake, store=store, write=write)

    def _logs(self) -> TableSink[ProgressTopicRecord, LogRecord]:
        store = self._store

        async def write(records: Sequence[LogRecord], places: Places) -> None:
            await store.add_logs(log_rows(records), places)

        intake = self._intakes.progress("logs", LogRecord, pace=self._pace, remembered=store.position)
        return TableSink(intake=intake, store=store, write=write)

    def _audit(self) -> TableSink[AuditRecord, AuditRecord]:
        store = self._store

        async def write(records: Sequence[AuditRecord], places: Places) -> None:
            await store.add_audit(audit_rows(records), places)

        intake = self._intakes.audit("audit", pace=self._pace, remembered=store.position)
        return TableSink(intake=intake, store=store, write=write)

    def _payloads(self) -> TableSink[Submitted | None, Submitted]:
        store, most = self._store, self._settings.history_payload_fields

        async def write(submissions: Sequence[Submitted], places: Places) -> None:
            await store.add_payload_fields(field_rows(submissions, most), places)

        intake = self._intakes.commands(
            "payloads", Submitted, read=read_submitted, pace=self._pace, remembered=store.position
        )
        return TableSink(intake=intake, store=store, write=write)
