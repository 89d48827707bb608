"""Members of a group share the partitions; what was not committed comes again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.consumer.group_coordinator import GroupCoordinator
from support.eventually import eventually

from xqueue_common.kafka import finish
from xqueue_common.kafka.group import GroupReader
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_embedded import Kafka

Join = Callable[[], Awaitable[GroupReader]]


@pytest.fixture
async def join(kafka: Kafka, topic: str, namespace: str) -> AsyncIterator[Join]:
    """Make members of a group."""
    members: list[GroupReader] = []

    async def make() -> GroupReader:
        member = GroupReader(kafka.bootstrap, [topic], namespace, client_id=f"tests-{len(members)}")
        members.append(member)
        await member.start()
        return member

    yield make
    for member in members:
        await member.stop()


async def read(member: GroupReader, count: int) -> list[bytes]:
    """Read so many records."""
    found: list[bytes] = []

    async def enough() -> bool:
        polled = await member.poll(max_records=100, timeout_ms=100)
        found.extend(record.value for records in polled.values() for record in records)
        return len(found) >= count

    await eventually(enough)
    return sorted(found)


async def test_a_new_group_begins_at_the_start(join: Join, producer: Producer, topic: str) -> None:
    for partition in (0, 1):
        await producer.append(topic, partition, [Outgoing(b"%d" % partition)])
    assert await read(await join(), 2) == [b"0", b"1"]


async def test_what_was_not_committed_comes_again_and_the_rest_does_not(
    join: Join, producer: Producer, topic: str
) -> None:
    await producer.append(topic, 0, [Outgoing(b"0"), Outgoing(b"1"), Outgoing(b"2")])
    first = await join()
    await read(first, 3)
    await first.commit({TopicPartition(topic, 0): 1})
    await first.stop()
    assert await read(await join(), 2) == [b"1", b"2"]


async def test_two_members_share_the_partitions(join: Join, producer: Producer, topic: str) -> None:
    first, second = await join(), await join()

    async def shared() -> bool:
        for member in (first, second):
            await member.poll(max_records=1, timeout_ms=50)
        return len(first.assignment()) == len(second.assignment()) == 1

    await eventually(shared)
    assert first.assignment() | second.assignment() == {TopicPartition(topic, 0), TopicPartition(topic, 1)}
    [mine] = first.assignment()
    [other] = second.assignment()
    await producer.append(topic, mine.partition, [Outgoing(b"mine")])
    assert await read(first, 1) == [b"mine"]
    await first.commit({other: 0, mine: 1})


async def test_a_position_that_retention_has_outrun_is_counted_and_the_rest_is_read(
    kafka: Kafka, join: Join, producer: Producer, topic: str
) -> None:
    await producer.append(topic, 0, [Outgoing(b"%d" % i) for i in range(5)])
    first = await join()
    await read(first, 5)
    await first.commit({TopicPartition(topic, 0): 1})
    await first.stop()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=3)})
    await admin.close()
    second = await join()
    assert await read(second, 2) == [b"3", b"4"]
    assert second.lost == 1


async def test_it_may_go_on_at_another_offset(join: Join, producer: Producer, topic: str) -> None:
    await producer.append(topic, 0, [Outgoing(b"0"), Outgoing(b"1")])
    member = await join()
    await read(member, 2)
    member.seek(TopicPartition(topic, 0), 1)
    assert await read(member, 1) == [b"1"]
    assert member.end(TopicPartition(topic, 0)) == 2
    assert member.end(TopicPartition(topic, 7)) is None


async def test_a_member_whose_goodbye_is_not_answered_ends_all_the_same(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await join()
    raw = member._raw
    assert raw
    await eventually(member.assignment)
    monkeypatch.setattr(GroupCoordinator, "_maybe_leave_group", lambda _: asyncio.Event().wait())
    monkeypatch.setattr(finish, "_STOP_S", 0.1)

    await member.stop()

    assert raw._fetcher._fetch_task.done()
    assert raw._client._sync_task is None
    assert not [conn for conn in raw._client._conns.values() if conn.connected()]
