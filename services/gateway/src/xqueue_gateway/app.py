"""The gateway as a process: its resources, its agents, and the order in which they stop."""

import asyncio
from contextlib import AsyncExitStack

import structlog
from litestar.types import ASGIApp
from redis.asyncio import Redis

from xqueue_common.cells import CellMap
from xqueue_common.clock import SystemClock
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.ops import Health
from xqueue_common.topics import Topics
from xqueue_gateway.http.origins import Origins
from xqueue_gateway.http.routes import application
from xqueue_gateway.http.stream import TaskStream
from xqueue_gateway.http.system import SystemEndpoints
from xqueue_gateway.http.tasks import TaskEndpoints
from xqueue_gateway.openapi.document import document_text
from xqueue_gateway.resources import Resources, open_resources
from xqueue_gateway.server import LOOPBACK, Server, is_loopback, listen, url_of
from xqueue_gateway.settings import Settings
from xqueue_gateway.submissions.reading import Rules
from xqueue_gateway.tasks.canceller import Canceller
from xqueue_gateway.tasks.fleet import Fleet
from xqueue_gateway.tasks.lookup import Lookup, Sources
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.waiter import Waiter

log = structlog.get_logger(__name__)


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run the gateway until ``stop`` is set."""
    listener = listen(_host(settings), settings.port)
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        topics, cells = Topics(settings.topic_prefix), CellMap.parse(settings.cells)
        layout = topics.layout(cells=cells.count, inboxes=settings.inboxes)
        await ensure_topics(settings.kafka_bootstrap, layout, replication=settings.kafka_replication)
        resources = await open_resources(settings, topics, cells.count, stack)
        health = _health(resources)

        def on_open() -> None:
            health.ready = True
            log.info("gateway listens", url=url_of(listener))

        app = _application(settings, topics, cells, resources, health)
        server = Server(app, settings, listener, on_open=on_open)
        async with asyncio.TaskGroup() as group:
            agents = [group.create_task(resources.feed.run()), group.create_task(resources.memory.run())]
            agents.append(group.create_task(_stop(stop, server, health, resources)))
            await server.run_here()
            # Requests are finished: nobody listens any more. What was appended is flushed, then all is closed.
            for agent in agents:
                agent.cancel()


def _host(settings: Settings) -> str:
    wanted = settings.host
    if is_loopback(wanted):
        log.warning("no API keys are configured: everybody on this machine is let in", host=wanted)
        return wanted
    if settings.allow_open:
        log.warning(
            "no API keys are configured, and XQ_ALLOW_OPEN: everybody who reaches us is let in", host=wanted
        )
        return wanted
    log.warning("no API keys are configured: listening on the loopback only", wanted=wanted, host=LOOPBACK)
    return LOOPBACK


async def _stop(stop: asyncio.Event, server: Server, health: Health, resources: Resources) -> None:
    """End the requests that wait for something, then let the others finish; new ones go to another gateway."""
    await stop.wait()
    health.ready = False
    resources.ears.hub.close()
    server.should_exit = True


def _health(resources: Resources) -> Health:
    health = Health()
    health.watch("kafka", resources.ends.check)
    health.watch("redis", lambda: _ping(resources.redis))
    health.watch("history", resources.database.check)
    return health


async def _ping(redis: Redis) -> None:
    await redis.ping()


def _application(
    settings: Settings, topics: Topics, cells: CellMap, resources: Resources, health: Health
) -> ASGIApp:
    ears, clock = resources.ears, SystemClock()
    sources = Sources(resources.cells, resources.history, resources.ends, ears.horizon, topics.status)
    lookup = Lookup(sources, clock=clock, patience_s=settings.fold_wait_s)
    origins = Origins(settings.cors_origins)
    tasks = TaskEndpoints(
        submitter=Submitter(
            log=resources.commands, cells=cells, lookup=lookup, memory=resources.memory, clock=clock
        ),
        lookup=lookup,
        waiter=Waiter(lookup=lookup, hub=ears.hub),
        canceller=Canceller(log=resources.commands, lookup=lookup, hub=ears.hub),
        history=resources.history,
        live=ears.live,
        clock=clock,
        rules=Rules(settings.max_payload_bytes, settings.webhook_allow_private),
        max_body_bytes=settings.max_body_bytes,
    )
    fleet = Fleet(cells=resources.cells, rates=ears.rates, clock=clock)
    stream = TaskStream(
        hub=ears.hub,
        lookup=lookup,
        live=ears.live,
        origins=origins,
        max_connections=settings.ws_max_connections,
        pending_bytes=settings.ws_pending_bytes,
    )
    system = SystemEndpoints(health=health, fleet=fleet, openapi=document_text())
    return application(tasks=tasks, system=system, stream=stream, origins=origins)
