"""Reading an artifact: ``with`` gives a binary file, ``async with`` an object to await."""

import io
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from xqueue_common.artifacts import Artifact
from xqueue_worker.artifacts.shelf import Shelf, Wanted

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import ReadableFile

_BUFFER_BYTES = 1024 * 1024


class ReadFile(io.BufferedReader):
    """A binary file to read and seek in. ``artifact`` says what it is."""

    def __init__(self, artifact: Artifact, reader: "ReadableFile") -> None:
        super().__init__(_Raw(reader, artifact.size), _BUFFER_BYTES)
        self.artifact = artifact


class Reading:
    """An artifact to read.

    ::

        with ctx.artifact(payload.picture) as file:
            picture = Image.open(file)

        async with ctx.artifact(payload.picture) as file:
            async for chunk in file: ...

    Entering raises FileNotFoundError if there is no such artifact of this tenant.

    Attributes:
        artifact: what it is; None before it was entered.
    """

    def __init__(self, shelf: Shelf, wanted: Wanted) -> None:
        self._shelf = shelf
        self._wanted = wanted
        self._file: ReadFile | None = None
        self._at = 0
        self._ahead = b""
        self.artifact: Artifact | None = None

    def __enter__(self) -> ReadFile:
        self.artifact = self._wanted.on_here(self._shelf)
        self._file = ReadFile(self.artifact, self._shelf.store.reader_here(self.artifact.id))
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    async def __aenter__(self) -> Self:
        self.artifact = await self._wanted.on(self._shelf)
        self._at, self._ahead = 0, b""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between two reads."""

    async def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, fewer at the end; all the rest without a size."""
        if size < 0:
            return b"".join([chunk async for chunk in self])
        missing = size - len(self._ahead)
        if missing > 0:  # more than that: many small reads must not become as many requests
            end = self._at + max(missing, _BUFFER_BYTES)
            self._ahead += b"".join([chunk async for chunk in self._chunks(end)])
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        return found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        ahead, self._ahead = self._ahead, b""
        if ahead:
            yield ahead
        async for chunk in self._chunks(None):
            yield chunk

    async def _chunks(self, end: int | None) -> AsyncIterator[bytes]:
        if self.artifact is None:
            msg = "an artifact is read inside its block"
            raise ValueError(msg)
        async for chunk in self._shelf.store.chunks(self.artifact, self._at, end):
            self._at += len(chunk)
            yield chunk


class _Raw(io.RawIOBase):
    """What the buffer of a ``ReadFile`` reads from."""

    def __init__(self, reader: "ReadableFile", size: int) -> None:
        super().__init__()
        self._reader = reader
        self._size = size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: "WriteableBuffer") -> int:
        view = memoryview(into)
        # At its end the library's reader would answer with an error where nothing is there to read.
        if self._reader.tell() >= self._size:
            return 0
        found = self._reader.read(len(view))
        view[: len(found)] = bytes(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()
