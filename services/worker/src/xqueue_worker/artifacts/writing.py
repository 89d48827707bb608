"""Writing an artifact: ``with`` gives a binary file, ``async with`` an object to await."""

import io
from types import TracebackType
from typing import TYPE_CHECKING, Self

from xqueue_common.artifacts.draft import Draft
from xqueue_common.artifacts.uploads import AsyncUpload, Upload
from xqueue_worker.artifacts.shelf import Shelf

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from xqueue_common.artifacts import Artifact


class WriteFile(io.RawIOBase):
    """A binary file to write, from its beginning to its end.

    Attributes:
        artifact: what was stored; None until the block was left.
    """

    def __init__(self, upload: Upload) -> None:
        super().__init__()
        self._upload = upload
        self.artifact: Artifact | None = None

    def writable(self) -> bool:
        """Whether it can be written to: yes."""
        return True

    def write(self, data: "ReadableBuffer") -> int:
        """Add bytes, all of them; returns how many.

        Raises:
            ArtifactTooLarge: they are too many.
            Unavailable: the store is away or full.
        """
        return self._upload.write(memoryview(data).cast("B"))

    def tell(self) -> int:
        """Return how much was written."""
        return self._upload.size


class Writing:
    """An artifact to write. Left by an exception the block stores nothing.

    ::

        with ctx.artifact(content_type="image/png", name="thumbnail.png") as file:
            picture.save(file, "PNG")
        return file.artifact

        async with ctx.artifact(content_type="audio/wav") as file:
            await file.write(chunk)
        return file.artifact

    Attributes:
        artifact: what was stored; None until the block was left.
    """

    def __init__(self, shelf: Shelf, content_type: str, name: str | None) -> None:
        shelf.draft(content_type, name)  # now, while it can be seen who has asked for it
        self._shelf = shelf
        self._content_type = content_type
        self._name = name
        self._upload: Upload | None = None
        self._async_upload: AsyncUpload | None = None
        self._file: WriteFile | None = None
        self.artifact: Artifact | None = None

    def __enter__(self) -> WriteFile:
        self._upload = self._shelf.store.upload_here(self._draft())
        self._upload.__enter__()
        self._file = WriteFile(self._upload)
        return self._file

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._upload is None or self._file is None:
            return
        self._file.close()
        self._upload.__exit__(kind, error, trace)
        self.artifact = self._file.artifact = self._upload.artifact

    async def __aenter__(self) -> Self:
        self._async_upload = self._shelf.store.upload(self._draft())
        await self._async_upload.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._async_upload is not None:
            await self._async_upload.__aexit__(kind, error, trace)
            self.artifact = self._async_upload.artifact

    async def write(self, data: bytes | bytearray | memoryview) -> int:
        """Add bytes, all of them; returns how many. Raises as ``WriteFile.write``."""
        if self._async_upload is None:
            msg = "an artifact is written inside its block"
            raise ValueError(msg)
        return await self._async_upload.write(memoryview(data).cast("B"))

    def _draft(self) -> Draft:
        return self._shelf.draft(self._content_type, self._name)
