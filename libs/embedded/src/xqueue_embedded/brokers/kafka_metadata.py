"""Asks a Kafka broker who is in its cluster, which it answers only when it works (a metadata request)."""

import asyncio
import struct

from xqueue_embedded.processes.ask import ask

_METADATA, _VERSION, _CORRELATION = 3, 1, 0x5851
_NO_CLIENT_ID, _NO_TOPICS = -1, 0
_BODY = struct.pack(">hhihi", _METADATA, _VERSION, _CORRELATION, _NO_CLIENT_ID, _NO_TOPICS)
_REQUEST = struct.pack(">i", len(_BODY)) + _BODY
_ANSWER = struct.Struct(">iii")  # size, correlation, number of live brokers


async def knows_its_cluster(host: str, port: int) -> bool:
    """Tell whether a broker names at least one live broker: itself, once its controller has let it in."""

    async def understood(reader: asyncio.StreamReader) -> bool:
        _, correlation, brokers = _ANSWER.unpack(await reader.readexactly(_ANSWER.size))
        return bool(correlation == _CORRELATION and brokers >= 1)

    return await ask(host, port, _REQUEST, understood)
