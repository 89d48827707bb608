"""The gateway as a process: its resources, its agents, and the order in which they stop."""

import asyncio
from contextlib import AsyncExitStack

import structlog
from redis.asyncio import Redis

from xqueue_common.cells import CellMap
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.ops import Health
from xqueue_common.topics import Topics
from xqueue_gateway.resources import Resources, open_resources
from xqueue_gateway.server import LOOPBACK, Server, is_loopback, listen, url_of
from xqueue_gateway.settings import Settings
from xqueue_gateway.wiring import Wiring, serve

log = structlog.get_logger(__name__)


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run the gateway until ``stop`` is set."""
    async with AsyncExitStack() as stack:
        topics, cells = Topics(settings.topic_prefix), CellMap.parse(settings.cells)
        layout = topics.layout(cells=cells.count, inboxes=settings.inboxes)
        await ensure_topics(settings.kafka_bootstrap, layout, replication=settings.kafka_replication)
        resources = await open_resources(settings, topics, cells.count, stack)
        wiring = Wiring(settings, topics, cells, resources)
        listener = listen(_host(settings, closed=wiring.access.door.closed), settings.port)
        stack.callback(listener.close)
        health = _health(resources)

        def on_open() -> None:
            health.ready = True
            log.info("gateway listens", url=url_of(listener))

        app = serve(wiring, health)
        server = Server(app, settings, listener, on_open=on_open)
        async with asyncio.TaskGroup() as group:
            loops = (
                resources.registry.run(),
                resources.permits.run(),
                resources.feed.run(),
                resources.keeper.run(),
                resources.memory.run(),
            )
            agents = [group.create_task(loop) for loop in loops]
            agents.append(group.create_task(_stop(stop, server, health, resources)))
            await server.run_here()
            # Requests are finished: nobody listens any more. What was appended is flushed, then all is closed.
            for agent in agents:
                agent.cancel()


def _host(settings: Settings, *, closed: bool) -> str:
    wanted = settings.host
    if closed:
        return wanted
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
    if resources.artifacts.configured:
        health.watch("artifacts", resources.artifacts.check)
    return health


async def _ping(redis: Redis) -> None:
    await redis.ping()
