"""Events as server-sent events. Nothing here does I/O."""

from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

PING = b": still here\n\n"
"""A comment, so that proxies and clients see that the connection lives."""

_BACK_FIRST_MS, _BACK_LAST_MS = 1_000, 3_000

_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")


class _Message(Struct):
    """What subscribers of the WebSocket are told, read no further than needed."""

    event: Literal["status", "progress", "log", "chunk"]
    task: Raw
    log: Raw | UnsetType = UNSET
    attempt: int = 0
    index: int = 0
    chunk: Raw = Raw(b"null")


class ChunkData(Struct, frozen=True):
    """What an event ``chunk`` carries."""

    attempt: int
    index: int
    chunk: Raw


_read = msgspec.json.Decoder(_Message).decode


def sse(text: str, version: int) -> bytes:
    """Return an event as it is sent; a status has its version as id, so that a reader can go on behind it."""
    message = _read(text)
    name = b"id: %d\n" % version if message.event == "status" else b""
    return b"%bevent: %b\ndata: %b\n\n" % (name, message.event.encode(), _data(message))


def farewell(chance: float) -> bytes:
    """Return the hint when to come back, for readers whose stream ends before its task does.

    Each is told another time, by chance from 0 to 1, or all of them would come back in the same instant.
    """
    return b"retry: %d\n\n" % round(_BACK_FIRST_MS + chance * (_BACK_LAST_MS - _BACK_FIRST_MS))


def _data(message: _Message) -> bytes:
    if message.event == "chunk":
        data = msgspec.json.encode(ChunkData(message.attempt, message.index, message.chunk))
    else:
        data = bytes(message.log if isinstance(message.log, Raw) else message.task)
    # Within texts JSON has no line ends; between them it may, where a handler returned JSON of its own making.
    return data.translate(_LINE_ENDS)
