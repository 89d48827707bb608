"""What the teller does while Kafka does not answer."""

import asyncio

from support.eventually import eventually
from unit.worker.making import StillClock, an_attempt

from xqueue_common.kafka.producer import Producer
from xqueue_embedded.ports import free_port
from xqueue_worker.metrics import Counts
from xqueue_worker.said import LogLine
from xqueue_worker.telling import Teller


async def test_an_end_does_not_wait_for_ever_for_last_words_that_kafka_does_not_take() -> None:
    counts, ended = Counts(), asyncio.Event()
    producer = Producer(f"127.0.0.1:{free_port()}", client_id="teller", timeout_s=60)
    teller = Teller(producer, topic="t", partition=0, incarnation="me#1", clock=StillClock(), counts=counts)
    telling = asyncio.create_task(teller.run())
    attempt = an_attempt()
    await asyncio.sleep(0)

    teller.hear(attempt, LogLine("info", "last", 0))
    teller.then(attempt, ended.set)
    assert not ended.is_set()
    assert await eventually(ended.is_set)

    telling.cancel()
    await asyncio.wait([telling])


async def test_an_end_follows_at_once_when_nothing_is_left_to_tell() -> None:
    producer = Producer(f"127.0.0.1:{free_port()}", client_id="teller")
    teller = Teller(producer, topic="t", partition=0, incarnation="me#1", clock=StillClock(), counts=Counts())
    ended = asyncio.Event()

    teller.then(an_attempt(), ended.set)

    assert ended.is_set()
