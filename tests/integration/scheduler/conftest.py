"""Cells of a test alone: bare ones on Redis, and worlds with their logs on paper or on Kafka."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis as Client
from support.scheduler.bare import BareCell
from support.scheduler.logs import KafkaLogs, PaperLogs
from support.scheduler.mutants import Mutate, mutating
from support.scheduler.world import World, living

from xqueue_common.redis_calls import connect
from xqueue_embedded import Kafka, Redis


@pytest.fixture
async def redis(redis_server: Redis) -> AsyncIterator[Client]:
    """A client of the shared Redis."""
    client = connect(redis_server.url, connections=8)
    try:
        yield client
    finally:
        await client.aclose(close_connection_pool=True)


@pytest.fixture
async def mutate(redis: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mutate]:
    """Replaces text of the Redis functions."""
    async with mutating(redis, monkeypatch) as replace:
        yield replace


@pytest.fixture
async def bare(redis: Client, namespace: str) -> BareCell:
    """A cell without Kafka, whose owner is the test."""
    return await BareCell(redis, namespace).open()


@pytest.fixture
async def world(kafka: Kafka, redis: Client, namespace: str) -> AsyncIterator[World]:
    """A cell on a real Kafka."""
    async with living(World(KafkaLogs(kafka.bootstrap), redis, namespace, patience_s=20)) as world:
        yield world


@pytest.fixture
async def paper(redis: Client, namespace: str) -> AsyncIterator[World]:
    """A cell whose logs are on paper."""
    async with living(World(PaperLogs(), redis, namespace, patience_s=5)) as world:
        yield world


@pytest.fixture(params=["paper", "world"], ids=["paper", "kafka"])
def anywhere(request: pytest.FixtureRequest) -> World:
    """A cell, on paper and then on a real Kafka."""
    found: World = request.getfixturevalue(request.param)
    return found
