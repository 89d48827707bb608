"""The store of artifacts, in a folder and in a bucket."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from xqueue_common.artifacts import ArtifactStore
from xqueue_common.artifacts.sweep import Swept, TaskFate
from xqueue_common.errors import ArtifactTooLarge, Unavailable

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TASK = "018cc251-f400-7000-8000-000000000001"


class HeldClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at_ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> int:
        return self.at_ms


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> ArtifactStore:
    url = tmp_path.as_uri() if request.param == "folder" else request.getfixturevalue("bucket").url
    return ArtifactStore(url, max_bytes=20_000_000, clock=clock)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def bytes_of(store: ArtifactStore, artifact_id: str, *which: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(artifact_id, *which)])


async def everything(store: ArtifactStore) -> list[str]:
    return [path for of in ("data", "record", "kept", "due") for path in await store._objects.some(of, 1_000)]


SIZES = [0, 1, 300_000, 12_000_000]
"""The last one goes in several parts."""


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_written_is_read_as_it_was(store: ArtifactStore, size: int) -> None:
    data = os.urandom(size)

    artifact = await store.write(
        chunks(data[: size // 2], b"", data[size // 2 :]), tenant="t", content_type="a/b", name="n", ttl_s=60
    )

    assert await store.find(artifact.id) == store.find_here(artifact.id) == artifact
    assert (artifact.size, artifact.content_type, artifact.name, artifact.tenant) == (size, "a/b", "n", "t")
    assert await bytes_of(store, artifact.id) == data
    assert await bytes_of(store, artifact.id, 5, 12) == data[5:12]
    assert bytes(store.reader_here(artifact.id).readall()) == data


async def test_a_thread_writes_the_same(store: ArtifactStore) -> None:
    def write() -> Any:
        with store.upload_here(store.draft(tenant="t", task_id=TASK, name="n")) as upload:
            upload.write(b"ab")
            upload.write(memoryview(b"cd"))
        return upload.artifact

    artifact = await asyncio.to_thread(write)

    assert await bytes_of(store, artifact.id) == b"abcd"
    assert await store.last_kept(TASK, "n") == store.last_kept_here(TASK, "n") == artifact


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_write_that_breaks_off_leaves_nothing(store: ArtifactStore, error: type[BaseException]) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 8_000_000
        raise error

    with pytest.raises(error):
        await store.write(broken(), tenant="t", ttl_s=60)

    assert await everything(store) == []


async def test_a_write_that_grows_too_large_leaves_nothing(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactTooLarge):
        await store.write(chunks(b"x" * 600, b"x" * 600), tenant="t", max_bytes=1_000)

    assert await everything(store) == []


async def test_a_deleted_artifact_is_gone_and_only_that(store: ArtifactStore) -> None:
    gone, other = [await store.write(chunks(b"x"), tenant="t", task_id=TASK, name="n") for _ in range(2)]

    assert await store.delete(gone.id)
    assert not await store.delete(gone.id)

    assert await store.find(gone.id) is None
    assert await bytes_of(store, other.id) == b"x"
    assert await store.last_kept(TASK, "n") == other


async def test_what_the_latest_attempt_has_completed_counts(store: ArtifactStore) -> None:
    def write(attempt: int, data: bytes) -> Any:
        with store.upload_here(store.draft(tenant="t", task_id=TASK, name="n", attempt=attempt)) as upload:
            upload.write(data)
        return upload.artifact

    first, second = write(1, b"1"), write(2, b"2")
    write(1, b"a replaced attempt that still writes")

    assert await store.last_kept(TASK, "n") == second
    await store.delete(second.id)
    kept = await store.last_kept(TASK, "n")
    assert kept is not None
    assert kept.id != first.id
    assert await store.last_kept(TASK, "other") is None


async def test_uploads_go_when_their_time_is_over(store: ArtifactStore, clock: HeldClock) -> None:
    short, long = [await store.write(chunks(b"x"), tenant="t", ttl_s=ttl_s) for ttl_s in (60, 86_400)]

    clock.at_ms += 60_000
    assert await store.find(short.id) is None
    assert await store.find(long.id) == long
    assert (await store.sweep(clock.at_ms)).gone == 0  # by the hour
    clock.at_ms += HOUR_MS
    assert await store.sweep(clock.at_ms) == Swept(looked=1, gone=1)

    assert await bytes_of(store, long.id) == b"x"
    assert len(await everything(store)) == 3  # bytes, record, due entry of the other one


async def test_artifacts_of_a_task_go_when_the_task_has_left(store: ArtifactStore, clock: HeldClock) -> None:
    tasks: dict[str, TaskFate] = {TASK: TaskFate(clock.at_ms + 3 * DAY_MS, leaves=True)}

    async def fates(task_ids: Collection[str]) -> Mapping[str, TaskFate]:
        return {task_id: tasks[task_id] for task_id in task_ids if task_id in tasks}

    artifact = await store.write(chunks(b"x"), tenant="t", task_id=TASK, name="n")
    for _ in range(3):
        clock.at_ms += DAY_MS
        assert (await store.sweep(clock.at_ms, fates)).gone == 0
    assert await bytes_of(store, artifact.id) == b"x"

    del tasks[TASK]
    clock.at_ms += HOUR_MS
    assert (await store.sweep(clock.at_ms, fates)).gone == 1
    assert await everything(store) == []


async def test_a_sweep_does_no_more_than_it_was_told(store: ArtifactStore, clock: HeldClock) -> None:
    for _ in range(5):
        await store.write(chunks(b"x"), tenant="t", ttl_s=60)
    clock.at_ms += 2 * HOUR_MS

    assert [await store.sweep(clock.at_ms, most=2) for _ in range(4)] == [
        Swept(2, 2),
        Swept(2, 2),
        Swept(1, 1),
        Swept(0, 0),
    ]
    assert await everything(store) == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


KILLED = """
import os, sys
from xqueue_common.artifacts import ArtifactStore
store = ArtifactStore(sys.argv[1])
with store.upload_here(store.draft(tenant="t", task_id="task", name="n")) as upload:
    upload.write(b"x" * 12_000_000)
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Path]:
    """A folder in which a process was killed while it wrote."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path.as_uri()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.kill()
    return tmp_path


async def test_what_a_killed_process_has_left_is_found_by_the_sweep(killed: Path, clock: HeldClock) -> None:
    store = ArtifactStore(killed.as_uri(), clock=clock)
    assert files_in(killed)
    clock.at_ms = 4_000_000_000_000

    assert (await store.sweep(clock.at_ms)).gone == 0  # it might still be writing
    clock.at_ms += 2 * DAY_MS
    await store.sweep(clock.at_ms)

    assert files_in(killed) == []


async def test_a_folder_that_cannot_be_written_to_is_unavailable(tmp_path: Path) -> None:
    place = tmp_path / "store"
    place.write_text("no folder")
    store = ArtifactStore(place.as_uri())

    with pytest.raises(Unavailable):
        await store.write(chunks(b"x"), tenant="t")
    with pytest.raises(Unavailable), store.upload_here(store.draft(tenant="t")):
        pass
    with pytest.raises(Unavailable):
        await store.find("art_012345678901234567890123")


@pytest.mark.usefixtures("bucket")
async def test_a_bucket_that_is_not_there_is_unavailable() -> None:
    store = ArtifactStore("s3://no-such-bucket/here")

    with pytest.raises(Unavailable):
        await store.write(chunks(b"x"), tenant="t")
    with pytest.raises(Unavailable):
        await store.check()
