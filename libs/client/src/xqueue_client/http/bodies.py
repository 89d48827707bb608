"""Bodies that are sent part by part, and from their beginning again with each try."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from xqueue_client.artifact import Source

_CHUNK = 256 * 1024


class _Body:
    def __init__(self, source: Source) -> None:
        """Keep a source.

        Raises:
            ValueError: it cannot be sought in, so it could not be sent again.
        """
        self._source = BytesIO(source) if isinstance(source, bytes) else source
        self._start = 0
        if not isinstance(self._source, os.PathLike):
            if not self._source.seekable():
                msg = "a stream that cannot be sought in could not be sent again: give bytes, a path or a real file"
                raise ValueError(msg)
            self._start = self._source.tell()

    def _open(self) -> AbstractContextManager[BinaryIO]:
        if not isinstance(self._source, os.PathLike):
            self._source.seek(self._start)
            return nullcontext(self._source)
        return Path(self._source).open("rb")


class Body(_Body):
    """A body for the client that blocks."""

    def __iter__(self) -> Iterator[bytes]:
        with self._open() as file:
            while chunk := file.read(_CHUNK):
                yield chunk


class AsyncBody(_Body):
    """A body for asyncio; the file is read in threads."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._open() as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
