import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from xqueue_notifier.mqtt.packets import (
    Answer,
    Malformed,
    answer_in,
    overhead,
    packet_end,
    publish_head,
    publish_properties,
    release,
)


def head(topic: bytes, size: int, *, qos: int = 1, retain: bool = False, properties: bytes = b"\0") -> bytes:
    return publish_head(topic, size, packet_id=0x0102, qos=qos, retain=retain, properties=properties)


def test_a_publish_reads_as_the_specification_says() -> None:
    assert head(b"a/b", 5) + b"hello" == b"\x32\x0d\x00\x03a/b\x01\x02\x00hello"


def test_quality_retain_and_packet_id_follow_the_settings() -> None:
    assert head(b"t", 0, qos=0) == b"\x30\x04\x00\x01t\x00"
    assert head(b"t", 0, qos=2, retain=True) == b"\x35\x06\x00\x01t\x01\x02\x00"


def test_the_expiry_is_a_property_that_paho_reads() -> None:
    packed = publish_properties(3_600)

    read: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types only its client
    read.unpack(packed)
    assert read.MessageExpiryInterval == 3_600


def test_without_expiry_there_are_no_properties() -> None:
    assert publish_properties(0) == b"\0"


@given(topic=st.binary(max_size=500), size=st.integers(0, 300_000), qos=st.integers(0, 2))
def test_the_length_in_the_head_is_that_of_the_packet(topic: bytes, size: int, qos: int) -> None:
    begin = head(topic, size, qos=qos)

    assert packet_end(begin + bytes(size) + b"next", 0) == len(begin) + size
    assert len(begin) <= overhead(topic, b"\0")


@given(topic=st.binary(max_size=20), size=st.integers(0, 300))
def test_a_packet_that_is_not_all_there_has_no_end_yet(topic: bytes, size: int) -> None:
    packet = head(topic, size) + bytes(size)

    assert all(packet_end(packet[:cut], 0) is None for cut in range(len(packet)))


def test_a_length_that_never_ends_is_no_mqtt() -> None:
    with pytest.raises(Malformed):
        packet_end(b"\x40\xff\xff\xff\xff\x01", 0)


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (b"\x40\x02\x01\x02", Answer(0x0102, 0, received=False)),
        (b"\x40\x03\x01\x02\x10", Answer(0x0102, 0x10, received=False)),
        (b"\x40\x04\x00\x07\x97\x00", Answer(7, 0x97, received=False)),
        (b"\x50\x02\x00\x07", Answer(7, 0, received=True)),
        (b"\x70\x02\x00\x07", Answer(7, 0, received=False)),
        (b"\xd0\x00", None),
    ],
)
def test_answers_to_publishes_are_told_from_all_else(packet: bytes, answer: Answer | None) -> None:
    assert answer_in(packet) == answer


def test_an_answer_to_nothing_is_no_mqtt() -> None:
    with pytest.raises(Malformed):
        answer_in(b"\x40\x01\x01")


def test_a_release_names_its_publish() -> None:
    assert release(0x0102) == struct.pack("!BBH", 0x62, 2, 0x0102)
