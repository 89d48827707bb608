"""Places in lists as texts that clients hand back unchanged."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from xqueue_common.names import Ms, TaskId

P = TypeVar("P", bound=Struct)


class Cursor(Generic[P]):
    """From places of one kind to texts, and back."""

    def __init__(self, place: type[P]) -> None:
        self._decode = msgspec.json.Decoder(place).decode

    def text(self, place: P) -> str:
        """Return the text for a place."""
        return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()

    def place(self, text: str) -> P | None:
        """Return the place that a text stands for, or None if it is none of ours."""
        try:
            return self._decode(urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError):
            return None


class Place(Struct, frozen=True, array_like=True):
    """The last task of a page."""

    created_ms: Ms
    task_id: TaskId


TASKS = Cursor(Place)
