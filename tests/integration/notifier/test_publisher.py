import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from integration.notifier.played_broker import HANG_UP, SILENCE, PlayedBroker, playing_broker
from support.eventually import eventually

from xqueue_common.errors import Unavailable
from xqueue_embedded import Mosquitto
from xqueue_embedded.ports import free_port
from xqueue_notifier.mqtt.client import WiredClient
from xqueue_notifier.mqtt.messages import Message
from xqueue_notifier.mqtt.publisher import Published, Publisher
from xqueue_notifier.settings import NotifierSettings

Start = Callable[..., Awaitable[Publisher]]

NOT_AUTHORISED, TOPIC_INVALID, QUOTA_EXCEEDED = 0x87, 0x90, 0x97


@pytest.fixture
async def broker() -> AsyncIterator[PlayedBroker]:
    """A broker that does what the test says."""
    async with playing_broker() as played:
        yield played


@pytest.fixture
async def publisher_of(broker: PlayedBroker) -> AsyncIterator[Start]:
    """Start publishers to that broker."""
    async with AsyncExitStack() as running:

        async def start(**settings: Any) -> Publisher:
            return await running.enter_async_context(publishing(mqtt_port=broker.port, **settings))

        yield start


@asynccontextmanager
async def publishing(**settings: Any) -> AsyncIterator[Publisher]:
    """Run a publisher as long as the block lasts."""
    publisher = Publisher(NotifierSettings(**settings), sink="test")
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def messages(count: int) -> list[Message]:
    return [Message(b"topic", b"%d" % number) for number in range(count)]


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def test_messages_arrive_in_order(broker: PlayedBroker, publisher_of: Start) -> None:
    publisher = await publisher_of()

    assert await publisher.publish(messages(5_000)) == Published(acknowledged=5_000, refused=0)
    assert broker.payloads == numbers(5_000)


async def test_no_more_are_unanswered_than_the_broker_allows(broker: PlayedBroker, publisher_of: Start) -> None:
    broker.properties = b"\x21\x00\x03"  # receive maximum 3
    broker.answer = lambda _: SILENCE
    publisher = await publisher_of()
    publish = asyncio.create_task(publisher.publish(messages(10)))

    await eventually(lambda: len(broker.held) == 3)
    assert len(broker.received) == 3
    while not publish.done():
        broker.release()
        await asyncio.sleep(0.001)
        assert len(broker.held) <= 3

    assert broker.payloads == numbers(10)


async def test_after_a_loss_it_goes_on_with_the_first_that_was_not_answered(
    broker: PlayedBroker, publisher_of: Start
) -> None:
    broker.properties = b"\x21\x00\x01"
    broker.answer = lambda number: HANG_UP if number == 4 else 0
    publisher = await publisher_of()

    assert await publisher.publish(messages(8)) == Published(acknowledged=8, refused=0)
    assert broker.payloads == [*numbers(5), *numbers(8)[4:]]
    assert broker.connections == 2


async def test_losses_again_and_again_lose_nothing(broker: PlayedBroker, publisher_of: Start) -> None:
    broker.answer = lambda number: HANG_UP if number in {3, 250, 251, 700} else 0
    publisher = await publisher_of()

    assert (await publisher.publish(messages(600))).acknowledged == 600
    first_seen = list(dict.fromkeys(broker.payloads))
    assert first_seen == numbers(600)
    assert broker.payloads[-1] == b"599"


async def test_what_the_broker_refuses_for_now_is_repeated_with_all_behind_it(
    broker: PlayedBroker, publisher_of: Start
) -> None:
    broker.answer = lambda number: QUOTA_EXCEEDED if number == 1 else 0
    publisher = await publisher_of()

    assert await publisher.publish(messages(3)) == Published(acknowledged=3, refused=0)
    assert broker.payloads == [*numbers(3), *numbers(3)[1:]]


async def test_what_the_broker_refuses_for_ever_holds_nothing_up(broker: PlayedBroker, publisher_of: Start) -> None:
    broker.answer = lambda number: TOPIC_INVALID if number == 1 else 0
    publisher = await publisher_of()

    assert await publisher.publish(messages(3)) == Published(acknowledged=2, refused=1)


async def test_what_is_too_large_for_the_broker_is_never_sent(broker: PlayedBroker, publisher_of: Start) -> None:
    broker.properties = b"\x27\x00\x00\x00\x64"  # maximum packet size 100
    publisher = await publisher_of()

    published = await publisher.publish([Message(b"topic", b"x" * 100), Message(b"topic", b"small")])

    assert published == Published(acknowledged=1, refused=1)
    assert broker.payloads == [b"small"]
    assert await publisher.max_payload() < 100


async def test_a_broker_without_retain_or_quality_is_taken_as_it_is(
    broker: PlayedBroker, publisher_of: Start
) -> None:
    broker.properties = b"\x24\x00\x25\x00"  # maximum QoS 0, retain not available
    publisher = await publisher_of()

    await publisher.publish([Message(b"topic", b"x", retain=True)])
    await eventually(lambda: broker.received)

    assert (broker.received[0].qos, broker.received[0].retain) == (0, False)


async def test_at_quality_two_each_publish_is_released(broker: PlayedBroker, publisher_of: Start) -> None:
    publisher = await publisher_of(mqtt_qos=2)

    assert (await publisher.publish(messages(50))).acknowledged == 50
    assert broker.completed == 50


async def test_who_is_not_let_in_says_why(broker: PlayedBroker, publisher_of: Start) -> None:
    broker.welcome = NOT_AUTHORISED
    publisher = await publisher_of()

    async def said() -> str:
        with pytest.raises(Unavailable) as caught:
            await publisher.check()
        return str(caught.value) if "let us in" in str(caught.value) else ""

    assert "Not authorized" in await eventually(said)


async def test_progress_is_not_kept_for_a_broker_that_is_away() -> None:
    async with publishing(mqtt_port=free_port()) as publisher:
        assert await publisher.publish_once(messages(1)) == Published(0, 0)


async def test_nothing_waits_for_more_to_be_sent_with_it(broker: PlayedBroker) -> None:
    client = WiredClient(NotifierSettings(mqtt_port=broker.port), client_id="test", on_answer=lambda _: None)
    await asyncio.to_thread(client.dial)

    assert client.wire is not None
    with client.wire._raw as raw:
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_real_broker_takes_all_qualities(mosquitto: Mosquitto) -> None:
    for qos in (0, 1, 2):
        async with publishing(mqtt_port=mosquitto.port, mqtt_qos=qos) as publisher:
            await publisher.max_payload()
            assert (await publisher.publish(messages(500))).acknowledged == 500
