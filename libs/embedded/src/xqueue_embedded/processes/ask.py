"""One question to a server on this machine: does it answer as its protocol demands?"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

_PATIENCE_S = 2.0


async def ask(
    host: str, port: int, question: bytes, understood: Callable[[asyncio.StreamReader], Awaitable[bool]]
) -> bool:
    """Connect, send, and let `understood` read the answer; whatever fails on the way means no."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(question)
                return await understood(reader)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, EOFError):
        return False


async def http_ok(host: str, port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    question = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()

    async def understood(reader: asyncio.StreamReader) -> bool:
        version, _, rest = (await reader.readline()).partition(b" ")
        return version.startswith(b"HTTP/1.") and rest.startswith(b"200")

    return await ask(host, port, question, understood)
