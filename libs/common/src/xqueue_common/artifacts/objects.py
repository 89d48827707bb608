"""The thin adapter to the library of the object stores: a local folder, or a bucket behind S3's interface."""

import asyncio
from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

from xqueue_common.artifacts.faults import missing_will_do, translated
from xqueue_common.artifacts.steps import Delete, Get, Names, Operation, Put, Steps
from xqueue_common.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from obstore import AsyncWritableFile, ReadableFile, WritableFile
    from obstore.store import ClientConfig, LocalStore, S3Store

T = TypeVar("T")

_MIB = 1024 * 1024
_PART_BYTES = {"file": _MIB, "s3": 5 * _MIB}
"""How much is written at once: S3 takes no smaller parts."""
_CHUNK_BYTES = 256 * 1024
_ANSWER_S = 60.0
_CLIENT: "ClientConfig" = {
    # The first is for a whole request, however large: what hangs is told by the others.
    "timeout": "12h",
    "connect_timeout": "5s",
    "read_timeout": "30s",
    "allow_http": True,  # where AWS_ENDPOINT_URL says http://, that is meant
}
_UNSET = "no store is configured: set XQ_ARTIFACTS_URL to file:///folder or s3://bucket/prefix, the same everywhere"


class Objects:
    """A store of objects by path. Opened when it is first used; the methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        """Make it.

        Args:
            url: ``file:///folder`` or ``s3://bucket/prefix``; empty: there is none, and whatever is asked says so.

        Raises:
            ConfigError: it is another address.
        """
        self._url = url
        self._scheme = _scheme(url)

    @property
    def folder(self) -> Path | None:
        """Where it is, if it is a local folder."""
        return Path(unquote(urlsplit(self._url).path)) if self._scheme == "file" else None

    @cached_property
    def _store(self) -> "LocalStore | S3Store":
        if not self._url:
            part = "artifacts"
            raise Unavailable(part, _UNSET)
        from obstore.store import LocalStore, S3Store  # noqa: PLC0415  # 50 ms that most processes need not pay

        with translated():
            if self.folder is not None:
                return LocalStore(self.folder, mkdir=True, automatic_cleanup=True)
            return S3Store.from_url(self._url, client_options=_CLIENT, retry_config={"max_retries": 3})

    def run(self, steps: Steps[T]) -> T:
        """Do what these steps ask for, and return what they return.

        Raises:
            Unavailable: the store is away, full or not configured.
        """
        answer = None
        while True:
            try:
                operation = steps.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # a generator's value has no type here
            with translated():
                answer = self._do(operation)

    async def run_async(self, steps: Steps[T]) -> T:
        """Do the same without blocking the event loop."""
        answer = None
        while True:
            try:
                operation = steps.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # a generator's value has no type here
            with translated():
                async with asyncio.timeout(_ANSWER_S):
                    answer = await self._do_async(operation)

    def _do(self, operation: Operation) -> Any:
        store = self._store
        match operation:
            case Put(path, data):
                store.put(path, data)
            case Get(path):
                with missing_will_do():
                    return bytes(store.get(path).bytes())
            case Delete(path):
                with missing_will_do():
                    store.delete(path)
            case Names(folder):
                return [meta["path"] for meta in store.list(folder).collect()]
        return None

    async def _do_async(self, operation: Operation) -> Any:
        store = self._store
        match operation:
            case Put(path, data):
                await store.put_async(path, data)
            case Get(path):
                with missing_will_do():
                    return bytes(await (await store.get_async(path)).bytes_async())
            case Delete(path):
                with missing_will_do():
                    await store.delete_async(path)
            case Names(folder):
                return [meta["path"] for meta in await store.list(folder).collect_async()]
        return None

    def writer(self, path: str) -> "WritableFile":
        """Return what writes a large object, in parts; left by an exception it leaves nothing."""
        import obstore  # noqa: PLC0415  # see _store

        return obstore.open_writer(self._store, path, buffer_size=_PART_BYTES[self._scheme], max_concurrency=1)

    def writer_async(self, path: str) -> "AsyncWritableFile":
        """Return the same for the event loop."""
        import obstore  # noqa: PLC0415  # see _store

        size = _PART_BYTES[self._scheme]
        return obstore.open_writer_async(self._store, path, buffer_size=size, max_concurrency=1)

    def reader(self, path: str) -> "ReadableFile":
        """Return what reads a large object, part by part.

        Raises:
            FileNotFoundError: it is not there.
        """
        import obstore  # noqa: PLC0415  # see _store

        with translated(reading=True):
            return obstore.open_reader(self._store, path, buffer_size=_PART_BYTES[self._scheme])

    async def chunks(self, path: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` to before ``end``; there must be some.

        Raises:
            FileNotFoundError: it is not there.
        """
        with translated(reading=True):
            found = await self._store.get_async(path, options={"range": (start, end)})
            async for chunk in found.stream(_CHUNK_BYTES):
                yield chunk

    async def folders(self, of: str) -> list[str]:
        """Return the folders in a folder, sorted."""
        with translated():
            return sorted((await self._store.list_with_delimiter_async(of))["common_prefixes"])

    async def some(self, folder: str, most: int) -> list[str]:
        """Return up to as many paths of a folder."""
        with translated():
            async for found in self._store.list(folder, chunk_size=most):
                return [meta["path"] for meta in found]
        return []


def _scheme(url: str) -> str:
    parts = urlsplit(url)
    right = (parts.scheme == "file" and not parts.netloc and len(parts.path) > 1) or (
        parts.scheme == "s3" and parts.netloc
    )
    if url and not right:
        msg = "XQ_ARTIFACTS_URL is neither file:///folder nor s3://bucket/prefix"
        raise ConfigError(msg)
    return parts.scheme
