"""Who works with whom: from what is open to the application that serves the API."""

import secrets
from functools import cached_property

from litestar.types import ASGIApp

from xqueue_common.cells import CellMap
from xqueue_common.clock import SystemClock
from xqueue_common.ops import Health
from xqueue_common.topics import Topics
from xqueue_gateway.access.wiring import AccessWiring
from xqueue_gateway.artifacts.incoming import Incoming
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.dead_letters import DeadLetterBox
from xqueue_gateway.control.known_queues import KnownQueues
from xqueue_gateway.control.limits import Limits
from xqueue_gateway.control.queue_changer import QueueChanger
from xqueue_gateway.control.queue_reader import QueueReader
from xqueue_gateway.control.queue_work import QueueWork
from xqueue_gateway.control.schedule_keeper import ScheduleKeeper
from xqueue_gateway.control.schedules import Schedules
from xqueue_gateway.files import allow_subscribers
from xqueue_gateway.history.audit import AuditTrail
from xqueue_gateway.history.log_lines import LogLines
from xqueue_gateway.history.statistics import Statistics
from xqueue_gateway.http.artifacts import ArtifactEndpoints
from xqueue_gateway.http.audit import AuditEndpoints
from xqueue_gateway.http.changes import ChangeEndpoints
from xqueue_gateway.http.dead_letters import DeadLetterEndpoints
from xqueue_gateway.http.documents import documents
from xqueue_gateway.http.events import EventEndpoints
from xqueue_gateway.http.explain import ExplainEndpoints
from xqueue_gateway.http.guard import Guard
from xqueue_gateway.http.keys import KeyEndpoints
from xqueue_gateway.http.limits import LimitEndpoints
from xqueue_gateway.http.logs import LogEndpoints
from xqueue_gateway.http.model_calls import model_calls
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.http.queues import QueueEndpoints
from xqueue_gateway.http.routes import Endpoints, application
from xqueue_gateway.http.schedules import ScheduleEndpoints
from xqueue_gateway.http.statistics import StatisticsEndpoints
from xqueue_gateway.http.stream import TaskStream
from xqueue_gateway.http.system import SystemEndpoints
from xqueue_gateway.http.tasks import TaskEndpoints
from xqueue_gateway.http.webhooks import WebhookEndpoints
from xqueue_gateway.push.seats import Seats
from xqueue_gateway.resources import Resources
from xqueue_gateway.settings import Settings
from xqueue_gateway.submissions.reading import Rules
from xqueue_gateway.tasks.allocations import Allocations
from xqueue_gateway.tasks.canceller import Canceller
from xqueue_gateway.tasks.drafting import Drafter
from xqueue_gateway.tasks.explainer import Explainer
from xqueue_gateway.tasks.fleet import Fleet
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.gate import Gate
from xqueue_gateway.tasks.lookup import Lookup, Sources
from xqueue_gateway.tasks.parents import Parents
from xqueue_gateway.tasks.redriver import Redriver
from xqueue_gateway.tasks.reprioritizer import Reprioritizer
from xqueue_gateway.tasks.retrier import Retrier
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.tenant_stats import TenantStats
from xqueue_gateway.tasks.waiter import Waiter
from xqueue_gateway.webhooks.deliveries import Deliveries
from xqueue_gateway.webhooks.subscriptions import Subscriptions


def serve(wiring: "Wiring", health: Health) -> ASGIApp:
    """Return the application that serves the whole API."""
    origins = Origins(wiring.settings.cors_origins)
    endpoints = Endpoints(
        tasks=wiring.tasks,
        changes=wiring.changes,
        events=wiring.events,
        logs=LogEndpoints(lines=LogLines(wiring.open.database), lookup=wiring.lookup),
        queues=wiring.queues,
        dead_letters=wiring.dead_letters,
        explain=ExplainEndpoints(explainer=wiring.explainer),
        limits=LimitEndpoints(limits=Limits(configurer=wiring.configurer)),
        schedules=wiring.schedules,
        artifacts=wiring.artifacts,
        model_calls=model_calls(wiring.settings, wiring.submitter, wiring.incoming, wiring.clock),
        keys=wiring.keys,
        webhooks=wiring.webhooks,
        statistics=StatisticsEndpoints(statistics=Statistics(database=wiring.open.database), clock=wiring.clock),
        audit=AuditEndpoints(trail=AuditTrail(database=wiring.open.database)),
        system=wiring.system(health),
        documents=documents(),
    )
    return application(endpoints, wiring.stream(origins), origins, Guard(wiring.access.door, wiring.access.trail))


class Wiring:
    """What works on requests; each part is made once, of the parts that it needs."""

    def __init__(self, settings: Settings, topics: Topics, cell_map: CellMap, resources: Resources) -> None:
        self.settings = settings
        self.open = resources
        self.map = cell_map
        self.clock = SystemClock()
        self.access = AccessWiring(settings, resources, self.clock)
        self.fold = Fold(clock=self.clock, patience_s=settings.fold_wait_s)
        horizon = resources.ears.horizon
        sources = Sources(resources.cells, resources.history, resources.ends, horizon, topics.status)
        self.lookup = Lookup(sources, fold=self.fold, clock=self.clock)

    @property
    def keys(self) -> KeyEndpoints:
        """The API keys over HTTP."""
        access = self.access
        return KeyEndpoints(maker=access.maker, tokens=access.tokens, door=access.door)

    @property
    def webhooks(self) -> WebhookEndpoints:
        """Webhooks over HTTP."""
        view = self.open.registry.view
        subscriptions = Subscriptions(
            view=view,
            writer=self.access.writer,
            clock=self.clock,
            allow_private=self.settings.webhook_allow_private,
            most=self.settings.webhooks_per_tenant,
        )
        told = Deliveries(database=self.open.database, log=self.open.delivering, view=view, clock=self.clock)
        return WebhookEndpoints(subscriptions=subscriptions, deliveries=told, lookup=self.lookup)

    @cached_property
    def submitter(self) -> Submitter:
        """Puts tasks into the log."""
        ears = self.open.ears
        gate = Gate(
            self.open.cells,
            books=ears.books,
            drain=ears.drain,
            clock=self.clock,
            reject_hopeless=self.settings.reject_hopeless,
            quotas=self.access.quotas,
        )
        return Submitter(
            log=self.open.commands,
            drafter=Drafter(cells=self.map, books=ears.books, clock=self.clock),
            parents=Parents(lookup=self.lookup, clock=self.clock),
            queues=self.known_queues,
            quotas=self.access.quotas,
            gate=gate,
            lookup=self.lookup,
            memory=self.open.memory,
        )

    @cached_property
    def configurer(self) -> Configurer:
        """Changes settings."""
        books = self.open.ears.books
        return Configurer(log=self.open.commands, cells=self.open.cells, books=books, fold=self.fold)

    @cached_property
    def known_queues(self) -> KnownQueues:
        """Refuses queues that nobody has made."""
        create, books = self.settings.create_queues, self.open.ears.books
        return KnownQueues(configurer=self.configurer, books=books, cells=self.map, create=create)

    @property
    def tasks(self) -> TaskEndpoints:
        """The tasks over HTTP."""
        settings, hub = self.settings, self.open.ears.hub
        return TaskEndpoints(
            submitter=self.submitter,
            lookup=self.lookup,
            waiter=Waiter(lookup=self.lookup, hub=hub),
            canceller=Canceller(log=self.open.commands, lookup=self.lookup, hub=hub),
            history=self.open.history,
            live=self.open.ears.live,
            clock=self.clock,
            rules=Rules(settings.max_payload_bytes, settings.webhook_allow_private),
            max_body_bytes=settings.max_body_bytes,
        )

    @property
    def changes(self) -> ChangeEndpoints:
        """What can be done to tasks later."""
        return ChangeEndpoints(
            reprioritizer=Reprioritizer(
                log=self.open.commands, cells=self.open.cells, lookup=self.lookup, fold=self.fold
            ),
            retrier=Retrier(
                submitter=self.submitter,
                lookup=self.lookup,
                recall=self.open.recall,
                cells=self.map,
                clock=self.clock,
            ),
            live=self.open.ears.live,
        )

    @cached_property
    def seats(self) -> Seats:
        """Bounds how many listen."""
        most = self.settings.ws_max_connections
        return Seats(most=most, files=allow_subscribers(most))

    @property
    def events(self) -> EventEndpoints:
        """The events of one task."""
        ears, settings = self.open.ears, self.settings
        return EventEndpoints(
            hub=ears.hub,
            lookup=self.lookup,
            live=ears.live,
            seats=self.seats,
            pending_bytes=settings.ws_pending_bytes,
        )

    @property
    def explainer(self) -> Explainer:
        """Says why a task waits."""
        return Explainer(cells=self.open.cells, lookup=self.lookup, drain=self.open.ears.drain, clock=self.clock)

    @cached_property
    def reader(self) -> QueueReader:
        """Reads queues."""
        return QueueReader(
            configurer=self.configurer,
            map=self.map,
            ends=self.open.ends,
            fold=self.fold,
            oldest=self.open.oldest,
            drain=self.open.ears.drain,
            clock=self.clock,
        )

    @property
    def queues(self) -> QueueEndpoints:
        """The queues over HTTP."""
        configurer, reader = self.configurer, self.reader
        return QueueEndpoints(
            reader=reader,
            changer=QueueChanger(configurer=configurer, reader=reader),
            work=QueueWork(configurer=configurer, reader=reader, fold=self.fold),
        )

    @property
    def dead_letters(self) -> DeadLetterEndpoints:
        """The dead letters over HTTP."""
        box = DeadLetterBox(
            reader=self.reader,
            configurer=self.configurer,
            fold=self.fold,
            history=self.open.history,
            clock=self.clock,
        )
        redriver = Redriver(
            box=box,
            history=self.open.history,
            lookup=self.lookup,
            recall=self.open.recall,
            submitter=self.submitter,
            cells=self.map,
            clock=self.clock,
        )
        return DeadLetterEndpoints(box=box, redriver=redriver, live=self.open.ears.live)

    @property
    def schedules(self) -> ScheduleEndpoints:
        """The schedules over HTTP."""
        schedules = Schedules(
            keeper=ScheduleKeeper(configurer=self.configurer, fold=self.fold),
            cells=self.map,
            books=self.open.ears.books,
            submitter=self.submitter,
            queues=self.known_queues,
            clock=self.clock,
            new_id=lambda: f"sch_{secrets.token_hex(12)}",
        )
        rules = Rules(self.settings.max_payload_bytes, self.settings.webhook_allow_private)
        return ScheduleEndpoints(schedules=schedules, live=self.open.ears.live, clock=self.clock, rules=rules)

    @property
    def artifacts(self) -> ArtifactEndpoints:
        """The artifacts over HTTP."""
        store, incoming = self.open.artifacts, self.incoming
        return ArtifactEndpoints(store=store, incoming=incoming)

    @cached_property
    def incoming(self) -> Incoming:
        """Takes uploads."""
        return Incoming(self.open.artifacts, ttl_s=self.settings.artifact_ttl_s)

    def system(self, health: Health) -> SystemEndpoints:
        """The system over HTTP."""
        fleet = Fleet(cells=self.open.cells, rates=self.open.ears.rates, clock=self.clock)
        tenants = TenantStats(database=self.open.database, rates=self.open.ears.tenants, clock=self.clock)
        return SystemEndpoints(
            health=health,
            fleet=fleet,
            tenants=tenants,
            allocations=Allocations(reader=self.reader),
        )

    def stream(self, origins: Origins) -> TaskStream:
        """The WebSocket."""
        ears, settings = self.open.ears, self.settings
        return TaskStream(
            hub=ears.hub,
            lookup=self.lookup,
            live=ears.live,
            origins=origins,
            door=self.access.door,
            seats=self.seats,
            pending_bytes=settings.ws_pending_bytes,
        )
