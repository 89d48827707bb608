"""Events as server-sent events. Nothing here does I/O."""

from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from xqueue_gateway.push.outbox import Piece

PING = b": still here\n\n"
"""A comment, so that proxies and clients see that the connection lives."""

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


def sse(piece: Piece) -> bytes:
    """Return an event as it is sent; a status has its version as id, so that a reader can go on behind it."""
    message = _read(piece.text)
    name = b"id: %d\n" % piece.version if message.event == "status" else b""
    return b"%bevent: %b\ndata: %b\n\n" % (name, message.event.encode(), _data(message))


def _data(message: _Message) -> bytes:
    if message.event == "chunk":
        data = msgspec.json.encode(ChunkData(message.attempt, message.index, message.chunk))
    else:
        data = bytes(message.log if isinstance(message.log, Raw) else message.task)
    # Within texts JSON has no line ends; between them it may, where a handler returned JSON of its own making.
    return data.translate(_LINE_ENDS)
