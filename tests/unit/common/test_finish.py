"""A client of aiokafka is closed, whatever its ``stop`` does and whoever is cancelled meanwhile."""

import asyncio

import pytest
from aiokafka.errors import KafkaError

from xqueue_common.kafka import finish as module
from xqueue_common.kafka.finish import closed


class Client:
    """Waits for a broker that is away, and notes what else it was asked for."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.done: list[str] = []

    async def stop(self) -> None:
        """Never come to an end."""
        self.stopping.set()
        await asyncio.Event().wait()

    async def fail(self) -> None:
        """Give up half way."""
        raise KafkaError

    async def end(self) -> None:
        """Come to an end."""
        self.done.append("stopped")

    async def disconnect(self) -> None:
        """Do what ``stop`` did not come to."""
        self.done.append("disconnected")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(module, "_STOP_S", 0.01)


async def test_what_a_stop_that_hangs_left_is_done() -> None:
    client = Client()
    await closed(client.stop(), client.fail, client.disconnect)
    assert client.done == ["disconnected"]


async def test_what_a_stop_that_failed_left_is_done() -> None:
    client = Client()
    await closed(client.fail(), client.disconnect)
    assert client.done == ["disconnected"]


async def test_a_stop_that_came_to_its_end_leaves_nothing() -> None:
    client = Client()
    await closed(client.end(), client.disconnect)
    assert client.done == ["stopped"]


async def test_a_cancellation_meanwhile_skips_nothing_and_arrives() -> None:
    client = Client()
    closing = asyncio.create_task(closed(client.stop(), client.disconnect))
    await client.stopping.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert client.done == ["disconnected"]
