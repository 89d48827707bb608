"""Creating the topics, again and again without harm, and waiting until they can be used."""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from xqueue_common.errors import Unavailable
from xqueue_common.topics import Topic

log = structlog.get_logger(__name__)

_TIMEOUT_S = 30.0
_PAUSE_S = 0.05


async def ensure_topics(bootstrap: str, topics: Sequence[Topic], *, replication: int = 1) -> None:
    """Create what is missing, add partitions where there are too few, wait until all have leaders.

    A consumer assigned to a partition without a leader was seen to stay silent for minutes.

    Raises:
        Unavailable: the brokers did not answer or the partitions got no leaders in time.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="xqueue-admin", request_timeout_ms=20_000)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await admin.start()
            await _create(admin, topics, replication)
            await _widen(admin, topics)
            while not await _all_led(admin, topics):  # noqa: ASYNC110  # Kafka tells nobody
                await asyncio.sleep(_PAUSE_S)
    except (KafkaError, TimeoutError, OSError) as error:
        part = "kafka"
        raise Unavailable(part, str(error) or type(error).__name__) from error
    finally:
        with contextlib.suppress(Exception):
            await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication: int) -> None:
    known = set(await admin.list_topics())
    missing = [_new(topic, replication) for topic in topics if topic.name not in known]
    if not missing:
        return
    answer = await admin.create_topics(missing)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        # Several services start at once: the first one creates, the others find it done.
        if code and error is not TopicAlreadyExistsError:
            raise error(name)
        log.info("topic created", topic=name)


def _new(topic: Topic, replication: int) -> NewTopic:
    settings = {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(topic.retention_ms),
        # With `acks=all`: acknowledged means kept by so many, and one replica may be away.
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    return NewTopic(topic.name, topic.partitions, replication, topic_configs=settings)


async def _widen(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    counts = {d["topic"]: len(d["partitions"]) for d in await admin.describe_topics([t.name for t in topics])}
    grow = {t.name: NewPartitions(t.partitions) for t in topics if 0 < counts.get(t.name, 0) < t.partitions}
    if grow:
        await admin.create_partitions(grow)


async def _all_led(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> bool:
    described = {d["topic"]: d["partitions"] for d in await admin.describe_topics([t.name for t in topics])}
    return all(
        len(described.get(t.name, ())) >= t.partitions
        and all(p["error_code"] == 0 and p["leader"] >= 0 for p in described[t.name])
        for t in topics
    )
