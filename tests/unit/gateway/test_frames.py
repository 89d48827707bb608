"""Frames made once for all subscribers are what every WebSocket client reads."""

import pytest
from unit.gateway.made import spec, state
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.frames import text_frame


def read(data: bytes) -> list[str]:
    """Return the texts that a client finds."""
    client = Protocol(CLIENT, state=OPEN, max_size=None)
    client.receive_data(data)
    frames = [event for event in client.events_received() if hasattr(event, "opcode")]
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)
    return [bytes(frame.data).decode() for frame in frames]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])
def test_a_text_of_any_size_is_read_as_it_was(size: int) -> None:
    assert read(text_frame("x" * size)) == ["x" * size]


def test_the_size_is_counted_in_bytes() -> None:
    assert read(text_frame("ü" * 100) + text_frame("€")) == ["ü" * 100, "€"]


def test_an_event_is_made_once_however_many_are_told() -> None:
    event = StatusEvent(spec(), state())

    assert event.frame is event.frame
    assert event.lines is event.lines
    assert read(event.frame) == [event.text]
