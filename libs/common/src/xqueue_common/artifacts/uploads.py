"""Writing an artifact, part by part: nothing is to be seen of it before its end, of a broken one nothing ever."""

import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from xqueue_common.artifacts import layout, steps
from xqueue_common.artifacts.draft import Draft
from xqueue_common.artifacts.faults import translated
from xqueue_common.artifacts.objects import Objects
from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable

if TYPE_CHECKING:
    from obstore import AsyncWritableFile, WritableFile

    from xqueue_common.artifacts.artifact import Artifact

T = TypeVar("T")


class Upload:
    """A write by a thread: ``with upload: upload.write(…)``, then ``upload.artifact``.

    Attributes:
        artifact: what was stored; None until the block was left without an exception.
        size: bytes so far.
    """

    def __init__(self, draft: Draft, *, objects: Objects, clock: Clock) -> None:
        self._draft = draft
        self._objects = objects
        self._clock = clock
        self._file: WritableFile | None = None
        self._fault: BaseException | None = None
        self.artifact: Artifact | None = None
        self.size = 0

    def __enter__(self) -> Self:
        self._objects.run(steps.begin(self._draft))
        with translated():
            self._file = self._objects.writer(layout.data(self._draft.id)).__enter__()
        return self

    def write(self, chunk: bytes | memoryview) -> int:
        """Add bytes; returns how many.

        Raises:
            ArtifactTooLarge: they are too many; nothing will be stored.
            Unavailable: the store is away, likewise.
        """
        try:
            self.size = self._draft.grown(self.size, len(chunk))
            with translated():
                _opened(self._file).write(chunk)
        except BaseException as error:
            self._fault = error  # a writer that swallows it must not have part of its file stored
            raise
        return len(chunk)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fault = error or self._fault
        with translated():
            _opened(self._file).__exit__(fault and type(fault), fault, fault and fault.__traceback__)
        if fault is None:
            self.artifact = self._objects.run(steps.complete(self._draft, self.size, self._clock.now_ms())).artifact
            return
        with contextlib.suppress(Unavailable):
            self._objects.run(steps.break_off(self._draft))
        if error is None:
            raise fault


class AsyncUpload:
    """The same on an event loop: ``async with upload: await upload.write(…)``."""

    def __init__(self, draft: Draft, *, objects: Objects, clock: Clock) -> None:
        self._draft = draft
        self._objects = objects
        self._clock = clock
        self._file: AsyncWritableFile | None = None
        self._fault: BaseException | None = None
        self.artifact: Artifact | None = None
        self.size = 0

    async def __aenter__(self) -> Self:
        await self._objects.run_async(steps.begin(self._draft))
        with translated():
            self._file = await self._objects.writer_async(layout.data(self._draft.id)).__aenter__()
        return self

    async def write(self, chunk: bytes | memoryview) -> int:
        """Add bytes; returns how many, raises as ``Upload.write``."""
        try:
            self.size = self._draft.grown(self.size, len(chunk))
            with translated():
                await _opened(self._file).write(chunk)
        except BaseException as error:
            self._fault = error  # a writer that swallows it must not have part of its file stored
            raise
        return len(chunk)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fault = error or self._fault
        with translated():
            await _opened(self._file).__aexit__(fault and type(fault), fault, fault and fault.__traceback__)
        if fault is None:
            self.artifact = (
                await self._objects.run_async(steps.complete(self._draft, self.size, self._clock.now_ms()))
            ).artifact
            return
        with contextlib.suppress(Unavailable):
            await self._objects.run_async(steps.break_off(self._draft))
        if error is None:
            raise fault


def _opened(file: T | None) -> T:
    if file is None:
        msg = "an upload is written to inside its block"
        raise ValueError(msg)
    return file
