"""The scheduler as a process: its resources, its agents, and the order in which they stop."""

import asyncio
from contextlib import AsyncExitStack

from redis.asyncio import Redis

from xqueue_common.cells import CellMap
from xqueue_common.clock import SystemClock
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.producer import Producer
from xqueue_common.memory import MemoryWatch
from xqueue_common.ops import Health, OpsServer
from xqueue_common.redis_calls import bounded, connect
from xqueue_common.service import until
from xqueue_common.topics import Topics
from xqueue_scheduler.factory import CellFactory
from xqueue_scheduler.membership import Membership
from xqueue_scheduler.metrics import MEMORY_FULL
from xqueue_scheduler.settings import Settings


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run the scheduler until ``stop`` is set."""
    topics = Topics(settings.topic_prefix)
    cells = CellMap.parse(settings.cells).count
    layout = topics.layout(cells=cells, inboxes=settings.inboxes)
    async with AsyncExitStack() as stack:
        health = Health()
        ops = OpsServer(health, host=settings.ops_host, port=settings.ops_port)
        await ops.start()
        stack.push_async_callback(ops.stop)
        await ensure_topics(settings.kafka_bootstrap, layout, replication=settings.kafka_replication)
        redis = connect(settings.redis_url)
        stack.push_async_callback(redis.aclose, close_connection_pool=True)
        producer = Producer(settings.kafka_bootstrap, client_id="xq-scheduler-dead")
        stack.push_async_callback(producer.stop)
        memory = MemoryWatch(redis, MEMORY_FULL)
        factory = CellFactory(
            settings=settings,
            topics=topics,
            redis=redis,
            dead=DeadRecords(producer, topics.dead, by="scheduler"),
            memory=memory,
            clock=SystemClock(),
        )
        membership = Membership(settings=settings, topics=topics, cell_of=factory)
        _watch(health, redis, producer, membership)
        # Stopped together: the membership gives up its cells (each lets its last records be acknowledged) and
        # leaves the group, so that another scheduler need not wait for our session to run out.
        await until(stop, membership.run(), memory.run(), _ready(health, membership))


def _watch(health: Health, redis: Redis, producer: Producer, membership: Membership) -> None:
    async def redis_answers() -> None:
        async with bounded():
            await redis.ping()

    async def in_the_group() -> None:
        if not membership.joined:
            msg = "not in the consumer group yet"
            raise RuntimeError(msg)

    health.watch("redis", redis_answers)
    health.watch("kafka", producer.start)
    health.watch("group", in_the_group)


async def _ready(health: Health, membership: Membership) -> None:
    await membership.settled()
    health.ready = True
