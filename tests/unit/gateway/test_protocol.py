"""What is said at once goes out at once, and nothing is lost or held back for it."""

import asyncio

from xqueue_gateway.http.protocol import MOST_BYTES, Gathering


class Wire(asyncio.Transport):
    """Notes what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def test_what_is_written_in_one_turn_is_sent_together_and_in_order() -> None:
    wire = Wire()
    gathering = Gathering(wire)
    gathering.write(b"head ")
    gathering.write(b"body")
    assert wire.sent == []

    await asyncio.sleep(0)
    gathering.write(b"next")
    await asyncio.sleep(0)

    assert wire.sent == [b"head body", b"next"]


async def test_what_was_written_before_the_end_is_sent_before_it() -> None:
    wire = Wire()
    gathering = Gathering(wire)
    gathering.write(b"bye")
    gathering.close()
    await asyncio.sleep(0)

    assert wire.sent == [b"bye"]
    assert gathering.is_closing()


async def test_much_is_sent_without_waiting_for_a_turn() -> None:
    wire = Wire()
    gathering = Gathering(wire)
    half = b"x" * (MOST_BYTES // 2)
    gathering.write(half)
    gathering.write(half)
    gathering.write(b"rest")

    assert wire.sent == [half + half]
    await asyncio.sleep(0)
    assert wire.sent == [half + half, b"rest"]
