"""The wiring of a worker: xq.dispatch ──► inbox ──► claims ──► executor ──► reporter ──► xq.reports."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import REGISTRY

from xqueue_common.cell import Code
from xqueue_common.clock import SystemClock
from xqueue_common.errors import XQueueError
from xqueue_common.ops import Health, OpsServer
from xqueue_common.service import until
from xqueue_worker.backends.backends import Backends
from xqueue_worker.backends.settings import PoolSettings
from xqueue_worker.batching.places import Batching
from xqueue_worker.caught import catching
from xqueue_worker.child.trust import Trust
from xqueue_worker.claims import Claims
from xqueue_worker.connections import Connections
from xqueue_worker.drain import Asked, Drain
from xqueue_worker.executor import Executor
from xqueue_worker.gpu.device import Gpu, environment
from xqueue_worker.handler import Handler
from xqueue_worker.identity import Holdings, Identity
from xqueue_worker.inbox import Inbox
from xqueue_worker.intake import Intake
from xqueue_worker.isolation.holding import in_use, residents_of
from xqueue_worker.isolation.places import Places
from xqueue_worker.last_words import LastWords
from xqueue_worker.lease import Lease
from xqueue_worker.metrics import Counts, WorkerMetrics
from xqueue_worker.pool import Pool
from xqueue_worker.renewal import Beaten, Renewal
from xqueue_worker.reporter import Reporter
from xqueue_worker.resident_metrics import ResidentMetrics
from xqueue_worker.settings import WorkerSettings
from xqueue_worker.telling import Teller
from xqueue_worker.watch import Watch

log = structlog.get_logger(__name__)

_LEAVE_S = 1.0


class Worker:
    """One worker: made, run once, gone."""

    def __init__(
        self,
        settings: WorkerSettings,
        handlers: Mapping[str, Handler],
        *,
        gpu: Gpu | None = None,
        pools: Sequence[PoolSettings] = (),
    ) -> None:
        self._settings = settings
        self._clock = SystemClock()
        self._gpu = gpu
        self._residents = residents_of(settings, gpu, clock=self._clock, changed=self._beat_soon)
        self._backends = Backends(pools, self._clock)
        self.identity = Identity(
            settings.instance,
            queues=settings.queues,
            types=handlers,
            now_ms=self._clock.now_ms(),
            gpu_memory_mb=self._residents.bounds.capacity_mb,
            holdings=self._holdings,
        )
        self._lines = Connections(settings, incarnation=self.identity.incarnation)
        self.counts = Counts()
        self.health = Health()
        self.pool = Pool(settings.worker_slots, changed=self._beat_soon)
        # Against the flow of the data: each knows the one behind it.
        self._reporter = self._make_reporter()
        self._teller = self._make_teller()
        self._trust = Trust()
        batching = Batching(self.pool, self._clock, self.counts, _ms(settings.claim_s) // 2)
        self._places = Places(self._teller, self._trust, batching, self._residents, environ=environment(gpu))
        self._executor = self._make_executor(handlers)
        self._claims = self._make_claims()
        self.inbox = self._make_inbox()
        self._renewal = self._make_renewal()
        self._watch = Watch(pool=self.pool, executor=self._executor, renewal=self._renewal, clock=self._clock)
        self._lease = self._make_lease()
        self._drain = Drain(
            pool=self.pool,
            claims=self._claims,
            executor=self._executor,
            reporter=self._reporter,
            teller=self._teller,
            shutdown_s=settings.shutdown_s,
        )

    async def run(self, asked: Asked) -> None:
        """Work until asked to stop or to retire, then drain.

        Raises:
            XQueueError: alone or in a group; what the worker cannot do without failed for good.
        """
        ops = OpsServer(self.health, host=self._settings.ops_host, port=self._settings.ops_port)
        metrics = WorkerMetrics(self.counts, self.pool, self._renewal.age_s)
        residents = ResidentMetrics(self.counts, self._residents, self._places.admission)
        for collector in (metrics, residents):
            REGISTRY.register(collector)
        self.health.watch("redis", self._check_redis)
        self.health.watch("kafka", self._check_kafka)
        drained = asyncio.Event()
        try:
            await ops.start()
            await self._lines.prepare()
            with catching():
                await until(
                    drained,
                    self._backends.run(),
                    self.inbox.run(),
                    self._claims.run(),
                    self._watch.run(),
                    self._reporter.run(),
                    self._teller.run(),
                    self._lease.run(self.inbox.leased),
                    self._drain.run(asked, drained),
                )
        finally:
            self.health.ready = False
            for collector in (metrics, residents):
                REGISTRY.unregister(collector)
            await self._close()
            await ops.stop()

    async def _close(self) -> None:
        # Children first: whatever goes wrong below, they must not compute on for nobody.
        self._executor.kill_all()
        self._places.close()
        # The inbox is given back after the last heartbeat, which would lease it again.
        with contextlib.suppress(XQueueError, TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                if self.inbox.number >= 0:
                    await self._lines.cell.leave(self.identity.incarnation, self.inbox.number)
        await self._lines.close()
        self._trust.close()

    def _make_reporter(self) -> Reporter:
        return Reporter(
            self._lines.reports,
            topic=self._lines.topics.reports,
            partition=self._settings.worker_cell,
            pool=self.pool,
            counts=self.counts,
        )

    def _make_teller(self) -> Teller:
        return Teller(
            self._lines.progress,
            topic=self._lines.topics.progress,
            partition=self._settings.worker_cell,
            incarnation=self.identity.incarnation,
            clock=self._clock,
            counts=self.counts,
        )

    def _make_executor(self, handlers: Mapping[str, Handler]) -> Executor:
        return Executor(
            handlers=handlers,
            places=self._places,
            report=LastWords(self._teller, self._reporter.report).report,
            pool=self.pool,
            clock=self._clock,
            heartbeat_ms=_ms(self._settings.worker_heartbeat_s),
            grace_ms=_ms(self._settings.cancel_grace_s),
            counts=self.counts,
        )

    def _make_claims(self) -> Claims:
        return Claims(
            cell=self._lines.cell,
            incarnation=self.identity.incarnation,
            pool=self.pool,
            begin=self._executor.begin,
            report=self._reporter.report,
            clock=self._clock,
            window_ms=_ms(self._settings.claim_s),
            counts=self.counts,
        )

    def _make_inbox(self) -> Inbox:
        intake = Intake(
            pool=self.pool,
            claim=self._claims.add,
            report=self._reporter.report,
            clock=self._clock,
            records=self.counts.records,
        )
        return Inbox(
            cell=self._lines.cell,
            incarnation=self.identity.incarnation,
            inboxes=self._lines.inboxes,
            tail=self._lines.tail,
            dead=self._lines.dead,
            receive=intake.receive,
            records=self.counts.records,
        )

    def _make_renewal(self) -> Renewal:
        return Renewal(
            pool=self.pool,
            stop=self._executor.stop,
            inbox_lost=self.inbox.lose,
            clock=self._clock,
            lease_ms=_ms(self._settings.lease_s),
            margin_ms=_ms(self._settings.lease_margin_s),
        )

    def _make_lease(self) -> Lease:
        return Lease(
            connect=self._lines.lease_redis,
            cell=self._lines.cell_over,
            incarnation=self.identity.incarnation,
            offer=lambda seq: self.identity.offer(seq=seq, inbox=self.inbox.number, slots=self._offered()),
            attempts=self.pool.leased,
            answered=self._answered,
            trust=self._trust,
            margin_ms=_ms(self._settings.lease_margin_s),
            interval_s=self._settings.worker_heartbeat_s,
            clock=self._clock,
        )

    def _holdings(self) -> Holdings:
        gpus, models = in_use(self._gpu, self._residents), self._residents.models()
        return Holdings(gpus, models, self._backends.infos())

    def _offered(self) -> int:
        return self.pool.offered if self.inbox.leased.is_set() else 0

    def _beat_soon(self) -> None:
        self._lease.beat_soon()

    def _answered(self, beaten: Beaten) -> None:
        self.counts.heartbeats[beaten.beat.code.name] += 1
        self._renewal.take(beaten)
        if beaten.beat.code is Code.OK and not self.pool.closed and not self.health.ready:
            self.health.ready = True
            log.info("worker ready", incarnation=self.identity.incarnation, inbox=beaten.inbox)

    async def _check_redis(self) -> None:
        await self._lines.redis.ping()
        self._renewal.check()

    async def _check_kafka(self) -> None:
        self._reporter.check()
        await self.inbox.check()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
