"""Many files of a Maven repository, fetched side by side into the cache."""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from xqueue_embedded.cache import cache_dir, filling
from xqueue_embedded.fetch.artifact import Artifact
from xqueue_embedded.fetch.bar import download_bar
from xqueue_embedded.fetch.download import Download

MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
_AT_ONCE = 8


async def fetch_jars(artifacts: Sequence[Artifact], *, title: str) -> list[Path]:
    """Return where the files lie, after fetching those that the cache lacks; without any it needs no network.

    Raises:
        DownloadFailed: One could not be had; the others that came are kept.
    """
    folder = cache_dir() / "maven"
    if _missing(artifacts, folder):
        async with filling(folder):
            missing = _missing(artifacts, folder)  # another process may have filled it while we waited
            with download_bar(title, count=len(missing), size=sum(a.size for a in missing)) as arrived:
                await _fetch(missing, folder, arrived)
    return [folder / artifact.path for artifact in artifacts]


def _missing(artifacts: Sequence[Artifact], folder: Path) -> list[Artifact]:
    return [artifact for artifact in artifacts if not (folder / artifact.path).exists()]


async def _fetch(artifacts: Sequence[Artifact], folder: Path, arrived: Callable[[int], None]) -> None:
    base = os.environ.get("XQ_MAVEN_URL", MAVEN_CENTRAL).rstrip("/")
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="download")
    try:
        downloads = (
            Download(artifact=a, url=f"{base}/{a.path}", target=folder / a.path, arrived=arrived, stop=stop)
            for a in artifacts
        )
        await asyncio.gather(*(loop.run_in_executor(threads, download.run) for download in downloads))
    finally:
        stop.set()  # the first failure, or our cancellation, ends the others within a chunk
        threads.shutdown(cancel_futures=True)
