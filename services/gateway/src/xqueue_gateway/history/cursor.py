"""A place in the list of tasks as text that a client hands back unchanged."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
from msgspec import Struct

from xqueue_common.names import Ms, TaskId


class Place(Struct, frozen=True, array_like=True):
    """The last task of a page."""

    created_ms: Ms
    task_id: TaskId


_decode = msgspec.json.Decoder(Place).decode


def cursor_of(place: Place) -> str:
    """Return the text for a place."""
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str) -> Place | None:
    """Return the place that a text stands for, or None if it is none of ours."""
    try:
        return _decode(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError):
        return None
