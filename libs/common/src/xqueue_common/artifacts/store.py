"""The store of artifacts, for services, for handlers and for who sweeps it."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from xqueue_common.artifacts import layout, steps
from xqueue_common.artifacts.artifact import DEFAULT_TYPE, Artifact, Record, new_id
from xqueue_common.artifacts.draft import Draft
from xqueue_common.artifacts.objects import Objects
from xqueue_common.artifacts.sweep import Fates, Sweep, Swept, no_tasks
from xqueue_common.artifacts.uploads import AsyncUpload, Upload
from xqueue_common.clock import Clock, SystemClock

if TYPE_CHECKING:
    from obstore import ReadableFile

DEFAULT_MAX_BYTES = 1 << 30


class StoreSettings(Protocol):
    """The settings that a store needs; see ``CommonSettings``."""

    @property
    def artifacts_url(self) -> str:
        """Where it is."""

    @property
    def artifact_max_bytes(self) -> int:
        """Largest artifact."""


class ArtifactStore:
    """Where artifacts are kept; opened when it is first used, may be used from any thread.

    What is named ``…_here`` blocks; it is for threads and child processes.
    """

    def __init__(self, url: str, *, max_bytes: int = DEFAULT_MAX_BYTES, clock: Clock | None = None) -> None:
        """Make it.

        Args:
            url: ``file:///folder`` or ``s3://bucket/prefix``; empty: there is none, and its methods say so.
            max_bytes: largest artifact.
            clock: where time comes from.

        Raises:
            ConfigError: it is another address.
        """
        self._objects = Objects(url)
        self._clock = clock or SystemClock()
        self.max_bytes = max_bytes
        self.configured = bool(url)

    @classmethod
    def of(cls, settings: StoreSettings) -> "ArtifactStore":
        """Return the store that the settings name.

        Raises:
            ConfigError: XQ_ARTIFACTS_URL makes no sense.
        """
        return cls(settings.artifacts_url, max_bytes=settings.artifact_max_bytes)

    async def write(
        self,
        chunks: AsyncIterable[bytes],
        *,
        tenant: str,
        content_type: str = DEFAULT_TYPE,
        name: str | None = None,
        ttl_s: float | None = None,
        task_id: str | None = None,
        max_bytes: int | None = None,
    ) -> Artifact:
        """Store what comes; memory is bounded, and of a write that is broken off nothing stays.

        Args:
            chunks: the bytes.
            tenant: whose they are.
            content_type: their media type.
            name: what the file is called.
            ttl_s: seconds for which it is kept; None: as long as its task.
            task_id: the task that writes it.
            max_bytes: largest that it may be, if that is less than the store's own limit.

        Raises:
            ValueError: content type or name is none.
            ArtifactTooLarge: there is more than that.
            Unavailable: the store is away, full or not configured.
        """
        draft = self.draft(
            tenant=tenant, content_type=content_type, name=name, ttl_s=ttl_s, task_id=task_id, max_bytes=max_bytes
        )
        async with self.upload(draft) as upload:
            async for chunk in chunks:
                await upload.write(chunk)
        assert upload.artifact is not None  # noqa: S101  # the block was left without an exception
        return upload.artifact

    def draft(
        self,
        *,
        tenant: str,
        content_type: str = DEFAULT_TYPE,
        name: str | None = None,
        ttl_s: float | None = None,
        task_id: str | None = None,
        attempt: int = 0,
        max_bytes: int | None = None,
    ) -> Draft:
        """Return what ``upload`` and ``upload_here`` are given; arguments and errors as of ``write``."""
        return Draft(
            tenant=tenant,
            begun_ms=self._clock.now_ms(),
            content_type=content_type,
            name=name,
            ttl_ms=None if ttl_s is None else round(ttl_s * 1000),
            task_id=task_id,
            attempt=attempt,
            max_bytes=min(self.max_bytes, max_bytes or self.max_bytes),
        )

    def upload(self, draft: Draft) -> AsyncUpload:
        """Write an artifact on an event loop."""
        return AsyncUpload(draft, objects=self._objects, clock=self._clock)

    def upload_here(self, draft: Draft) -> Upload:
        """Write an artifact in this thread."""
        return Upload(draft, objects=self._objects, clock=self._clock)

    async def find(self, artifact_id: str) -> Artifact | None:
        """Return an artifact; None if there is none, or not any more.

        Raises:
            Unavailable: the store is away or not configured.
        """
        return _artifact(await self._objects.run_async(steps.find(artifact_id, self._clock.now_ms())))

    def find_here(self, artifact_id: str) -> Artifact | None:
        """Do as ``find``."""
        return _artifact(self._objects.run(steps.find(artifact_id, self._clock.now_ms())))

    async def last_kept(self, task_id: str, name: str) -> Artifact | None:
        """Return the last artifact of that name that any attempt of a task has completed.

        Of a later attempt than others it counts more, whenever it was written: what a replaced attempt still
        writes does not get in the way.
        """
        return _artifact(await self._objects.run_async(steps.last_kept(task_id, name, self._clock.now_ms())))

    def last_kept_here(self, task_id: str, name: str) -> Artifact | None:
        """Do as ``last_kept``."""
        return _artifact(self._objects.run(steps.last_kept(task_id, name, self._clock.now_ms())))

    async def read(self, artifact_id: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` to before ``end``, or to the last.

        Raises:
            FileNotFoundError: there is no such artifact.
            Unavailable: the store is away or not configured.
        """
        artifact = await self.find(artifact_id)
        if artifact is None:
            msg = f"there is no artifact {artifact_id}"
            raise FileNotFoundError(msg)
        async with aclosing(self.chunks(artifact, start, end)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chunks(self, artifact: Artifact, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Yield the bytes of an artifact that was found already; otherwise as ``read``."""
        end = artifact.size if end is None else min(end, artifact.size)
        if start < end:
            async for chunk in self._objects.chunks(layout.data(artifact.id), start, end):
                yield chunk

    def reader_here(self, artifact_id: str) -> "ReadableFile":
        """Return what reads the bytes in this thread, with ``read``, ``seek`` and ``tell``; raises as ``read``."""
        return self._objects.reader(layout.data(artifact_id))

    async def check(self) -> None:
        """Ask the store for what is not there.

        Raises:
            Unavailable: it is away or not configured.
        """
        await self.find(new_id())

    async def delete(self, artifact_id: str) -> bool:
        """Delete an artifact; returns whether there was one.

        Raises:
            Unavailable: the store is away or not configured.
        """
        record = await self._objects.run_async(steps.find(artifact_id, self._clock.now_ms()))
        if record is not None:
            await self._objects.run_async(steps.remove(record))
        return record is not None

    async def sweep(self, now_ms: int, fates: Fates = no_tasks, *, most: int = 1_000) -> Swept:
        """Delete what has expired, and what broken writes have left behind.

        Args:
            now_ms: wall time, ms since 1970.
            fates: knows tasks; without it artifacts of tasks are left alone.
            most: entries to look at in one call.

        Raises:
            Unavailable: the store is away or not configured.
        """
        return await Sweep(self._objects, fates).round(now_ms, most)


def _artifact(record: Record | None) -> Artifact | None:
    return None if record is None else record.artifact
