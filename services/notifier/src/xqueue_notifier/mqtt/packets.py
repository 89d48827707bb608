"""The four packets of MQTT 5 that pass by the thousand; all others are paho's. Nothing here does I/O.

paho takes some 40 us for a publish and its acknowledgement, most of it for objects that nobody looks at; this
takes a quarter.
"""

from typing import NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_PUBLISH = 0x30
_PUBREL = 0x62
_KIND = 0xF0
_PUBACK, _PUBREC, _PUBCOMP = 0x40, 0x50, 0x70
_ANSWERS = frozenset({_PUBACK, _PUBREC, _PUBCOMP})
_MORE = 0x80
_MAX_VARINT_BYTES = 4
_HEAD_BYTES = 1 + _MAX_VARINT_BYTES + 2 + 2
"""Type, length, length of the topic, packet id: what a publish has besides topic, properties and payload."""
FAILURE = 0x80
"""Reason codes from here on say that a publish was refused."""


class Answer(NamedTuple):
    """What the broker says to a publish. ``received``: at QoS 2, the first of its two answers."""

    packet_id: int
    code: int
    received: bool


class Malformed(Exception):
    """Bytes that are no MQTT."""


def publish_properties(expiry_s: int) -> bytes:
    """Return the properties of a publish that the broker forgets after so many seconds; 0: never."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho types only its client
    if expiry_s:
        properties.MessageExpiryInterval = expiry_s
    return bytes(properties.pack())  # type: ignore[no-untyped-call]  # likewise


def overhead(topic: bytes, properties: bytes) -> int:
    """Return by how many bytes at most a publish is longer than its payload."""
    return _HEAD_BYTES + len(topic) + len(properties)


def publish_head(
    topic: bytes, payload_size: int, *, packet_id: int, qos: int, retain: bool, properties: bytes
) -> bytes:
    """Return everything of a PUBLISH packet that stands before the payload."""
    numbered = packet_id.to_bytes(2, "big") if qos else b""
    rest = 2 + len(topic) + len(numbered) + len(properties) + payload_size
    kind = bytes((_PUBLISH | qos << 1 | retain,))
    return b"".join((kind, _varint(rest), len(topic).to_bytes(2, "big"), topic, numbered, properties))


def release(packet_id: int) -> bytes:
    """Return the PUBREL that answers a PUBREC."""
    return bytes((_PUBREL, 2)) + packet_id.to_bytes(2, "big")


def packet_end(data: bytes, start: int) -> int | None:
    """Return where the packet that begins at ``start`` ends; None if that is not known or not there yet.

    Raises:
        Malformed: this is no MQTT.
    """
    size = shift = 0
    for place in range(start + 1, min(start + 1 + _MAX_VARINT_BYTES, len(data))):
        size |= (data[place] & (_MORE - 1)) << shift
        shift += 7
        if data[place] < _MORE:
            end = place + 1 + size
            return end if end <= len(data) else None
    if len(data) - start > _MAX_VARINT_BYTES:
        msg = "the length of a packet never ends"
        raise Malformed(msg)
    return None


def answer_in(packet: bytes) -> Answer | None:
    """Return what a packet says to a publish; None if it is of another kind.

    Raises:
        Malformed: it has no packet id.
    """
    kind = packet[0] & _KIND
    if kind not in _ANSWERS:
        return None
    # An answer is so short that its length takes one byte; without a reason code it is a success.
    if len(packet) < 4:  # noqa: PLR2004  # kind, length, packet id
        msg = "an acknowledgement without a packet id"
        raise Malformed(msg)
    code = packet[4] if len(packet) > 4 else 0  # noqa: PLR2004  # likewise
    return Answer(packet[2] << 8 | packet[3], code, received=kind == _PUBREC)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= _MORE:
        out.append(number & (_MORE - 1) | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)
