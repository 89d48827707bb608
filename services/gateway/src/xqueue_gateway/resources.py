"""Everything that the gateway is connected to, opened in the order in which data flows."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import NamedTuple

from redis.asyncio import Redis

from xqueue_common.artifacts import ArtifactStore
from xqueue_common.cell import Cell
from xqueue_common.clock import SystemClock
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Producer
from xqueue_common.memory import MemoryWatch
from xqueue_common.redis_calls import connect
from xqueue_common.registry.registry import Registry
from xqueue_common.topics import Topics
from xqueue_gateway import metrics
from xqueue_gateway.access.keys import KeyRing
from xqueue_gateway.access.permits import Permits
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.keeper import BookKeeper
from xqueue_gateway.history.database import Database
from xqueue_gateway.history.history import History
from xqueue_gateway.history.horizon import Horizon
from xqueue_gateway.history.oldest import Oldest
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.push.feed import Feed
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.intake import Ears
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.rates import Rates
from xqueue_gateway.settings import Settings
from xqueue_gateway.tasks.ends import Ends
from xqueue_gateway.tasks.recall import Recall


class Resources(NamedTuple):
    """What is open."""

    commands: Batcher
    acts: Batcher
    registry: Registry
    registering: Batcher
    delivering: Batcher
    ring: KeyRing
    permits: Permits
    ends: Ends
    recall: Recall
    redis: Redis
    cells: Mapping[int, Cell]
    memory: MemoryWatch
    database: Database
    history: History
    oldest: Oldest
    feed: Feed
    ears: Ears
    keeper: BookKeeper
    artifacts: ArtifactStore


async def open_resources(settings: Settings, topics: Topics, cells: int, stack: AsyncExitStack) -> Resources:
    """Connect; ``stack`` disconnects in the opposite order.

    Raises:
        OutcomeUnknown, Unavailable: Kafka does not answer.
        ConfigError: the address of the history, or of the artifacts, cannot be used.
    """
    artifacts = ArtifactStore.of(settings)
    commands, acts, registering, delivering = await _logs(settings, topics, stack)
    ring = KeyRing(clock=SystemClock(), operator_key=settings.operator_key)
    registry = await _registry(settings, topics, ring, stack)
    ends = Ends(settings.kafka_bootstrap, topics, cells=cells)
    stack.push_async_callback(ends.stop)
    await ends.start()
    recall = Recall(settings.kafka_bootstrap, topics, cells=cells)
    stack.push_async_callback(recall.stop)
    redis = connect(settings.redis_url)
    stack.push_async_callback(redis.aclose, close_connection_pool=True)
    database = Database(settings.history_url)
    stack.push_async_callback(database.close)
    ears = _ears(cells)
    feed = Feed(settings.kafka_bootstrap, topics, cells=cells, ears=ears)
    stack.push_async_callback(feed.stop)
    await feed.start()
    of_cell = {cell: Cell(redis, prefix=settings.redis_prefix, cell=cell) for cell in range(cells)}
    keeper = BookKeeper(of_cell, ears.books)
    await keeper.start()  # after the feed: what changes from now on is heard
    return Resources(
        commands=commands,
        acts=acts,
        registry=registry,
        registering=registering,
        delivering=delivering,
        ring=ring,
        permits=Permits(ring=ring, clock=SystemClock()),
        ends=ends,
        recall=recall,
        redis=redis,
        cells=of_cell,
        memory=MemoryWatch(redis, metrics.MEMORY_FULL),
        database=database,
        history=History(database),
        oldest=Oldest(database),
        feed=feed,
        ears=ears,
        keeper=keeper,
        artifacts=artifacts,
    )


def _ears(cells: int) -> Ears:
    clock = SystemClock()
    now_ms = clock.monotonic_ms()
    return Ears(
        hub=Hub(),
        live=LiveProgress(),
        rates=Rates(now_ms),
        drain=Drain(Rates(now_ms)),
        horizon=Horizon(),
        books={cell: Book() for cell in range(cells)},
        clock=clock,
    )


async def _registry(settings: Settings, topics: Topics, ring: KeyRing, stack: AsyncExitStack) -> Registry:
    registry = Registry(
        settings.kafka_bootstrap, topics.registry, client_id="xq-gateway-registry", on_change=ring.heard
    )
    stack.push_async_callback(registry.stop)
    await registry.start()  # before anybody is let in: without it nobody knows whether keys are asked for
    return registry


async def _logs(settings: Settings, topics: Topics, stack: AsyncExitStack) -> list[Batcher]:
    """Return what appends to the logs that gateways write: commands, administrative acts, the registry, replays."""
    producer = Producer(
        settings.kafka_bootstrap, client_id="xq-gateway-commands", timeout_s=settings.produce_timeout_s
    )
    stack.push_async_callback(producer.stop)
    await producer.start()
    logs = [
        Batcher(producer, topic) for topic in (topics.commands, topics.audit, topics.registry, topics.deliveries)
    ]
    for log in logs:
        # Closed before the producer: whoever was promised an answer gets it.
        stack.push_async_callback(log.flush)
    return logs
