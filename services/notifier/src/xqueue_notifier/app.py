"""The notifier put together: resources, agents, and the order in which they start and stop."""

import asyncio
from contextlib import AsyncExitStack

from xqueue_common.cells import CellMap
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.ops import Health, OpsServer
from xqueue_common.service import until
from xqueue_common.topics import Topic, Topics
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.keep import keep_running
from xqueue_notifier.settings import NotifierSettings
from xqueue_notifier.sinks import chosen


async def notify(settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Run the notifier until ``stop`` is set.

    Raises:
        ConfigError: a setting makes no sense.
        Unavailable: Kafka is away at the start; later on that is waited for.
    """
    health = Health()
    # Released in reverse: the sinks have told Kafka what they did before anything that they need goes.
    async with AsyncExitStack() as resources:
        ops = OpsServer(health, host=settings.ops_host, port=settings.ops_port)
        resources.push_async_callback(ops.stop)
        await ops.start()

        intakes = Intakes(settings)
        resources.push_async_callback(intakes.release)
        health.watch("kafka", intakes.check)
        sinks = chosen(settings, intakes, health)
        for sink in sinks:
            resources.push_async_callback(sink.release)

        await ensure_topics(settings.kafka_bootstrap, _layout(settings), replication=settings.kafka_replication)
        agents = [agent for sink in sinks for agent in sink.all()]
        health.ready = True
        await until(stop, *(keep_running(name, run) for name, run in agents))


def _layout(settings: NotifierSettings) -> tuple[Topic, ...]:
    cells = CellMap.parse(settings.cells).count
    return Topics(settings.topic_prefix).layout(cells=cells, inboxes=settings.inboxes)
