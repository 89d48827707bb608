import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from xqueue_notifier.mqtt.packets import Answer
from xqueue_notifier.mqtt.wire import Wire

PINGRESP = b"\xd0\x00"
CONNACK = b"\x20\x03\x00\x00\x00"


class Ends:
    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.answers: list[Answer] = []
        near.settimeout(0)
        self.wire = Wire(near, self.answers.append)
        self.broker = far


@pytest.fixture
def ends() -> Iterator[Ends]:
    with ExitStack() as open_ends:
        near, far = socket.socketpair()
        open_ends.enter_context(far)
        ends = Ends(near, far)
        open_ends.callback(ends.wire.close)
        yield ends


def test_answers_go_past_paho_and_all_else_to_paho(ends: Ends) -> None:
    ends.broker.sendall(CONNACK + b"\x40\x02\x00\x01" + PINGRESP + b"\x40\x02\x00\x02")

    ends.wire.fill()

    assert [answer.packet_id for answer in ends.answers] == [1, 2]
    assert ends.wire.recv(1) + ends.wire.recv(100) == CONNACK + PINGRESP
    with pytest.raises(BlockingIOError):
        ends.wire.recv(1)


def test_packets_may_arrive_byte_by_byte(ends: Ends) -> None:
    for byte in b"\x40\x04\x00\x07\x97\x00" + PINGRESP:
        ends.broker.sendall(bytes((byte,)))
        ends.wire.fill()

    assert ends.answers == [Answer(7, 0x97, received=False)]
    assert ends.wire.recv(100) == PINGRESP


def test_what_is_written_is_sent_at_the_next_flush(ends: Ends) -> None:
    ends.wire.send(b"from paho ")
    ends.wire.write(b"from ", b"us")

    assert ends.wire.flush()
    assert ends.broker.recv(100) == b"from paho from us"


def test_what_the_network_does_not_take_waits(ends: Ends) -> None:
    much = b"x" * 4_000_000
    ends.wire.write(much)

    assert not ends.wire.flush()
    taken = 0
    while taken < len(much):
        taken += len(ends.broker.recv(1 << 20))
        ends.wire.flush()
    assert ends.wire.flush()


def test_the_end_of_the_connection_is_an_error_after_the_last_words(ends: Ends) -> None:
    ends.broker.sendall(PINGRESP)
    ends.broker.close()

    with pytest.raises(ConnectionError, match="hung up"):
        ends.wire.fill()
    assert ends.wire.holds_packets


def test_a_farewell_is_sent_before_it_closes(ends: Ends) -> None:
    ends.wire.send(b"\xe0\x00")
    ends.wire.close()

    assert ends.broker.recv(100) == b"\xe0\x00"
