"""Handlers read and write artifacts wherever they run, in a folder and in a bucket."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from integration.worker import artifact_handlers
from integration.worker.played import PlayedScheduler, Start

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.task import Backoff
from xqueue_worker.artifacts.shelf import of_environment

assert artifact_handlers.__name__ == "integration.worker.artifact_handlers"  # imported: so a worker has them

KINDS = ["loop", "thread", "child"]


@pytest.fixture(params=["folder", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ArtifactStore]:
    url = tmp_path.as_uri() if request.param == "folder" else request.getfixturevalue("bucket").url
    monkeypatch.setenv("XQ_ARTIFACTS_URL", url)
    monkeypatch.setenv("XQ_RESULT_INLINE_BYTES", "1000")
    of_environment.cache_clear()
    yield ArtifactStore(url)
    of_environment.cache_clear()


async def put(store: ArtifactStore, data: bytes, tenant: str = "default") -> Artifact:
    async def chunks() -> AsyncIterator[bytes]:
        yield data

    return await store.write(chunks(), tenant=tenant, ttl_s=60)


async def read(store: ArtifactStore, artifact_id: str | None) -> bytes:
    assert artifact_id is not None
    return b"".join([chunk async for chunk in store.read(artifact_id)])


@pytest.mark.parametrize("kind", [*KINDS, "async_child"])
async def test_what_a_handler_returns_as_a_file_is_the_result_of_its_task(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore, kind: str
) -> None:
    await start_worker()
    data = os.urandom(6_000_000)

    [task_id] = await scheduler.submit(f"artifact.{kind}", payload=(await put(store, data)).id)

    report = await scheduler.only_report(task_id)
    assert report.outcome == "success", report
    assert await read(store, report.artifact) == data
    artifact = await store.find(report.artifact or "")
    assert artifact is not None
    assert (artifact.tenant, artifact.content_type, artifact.expires_at) == ("default", "text/plain", None)
    await scheduler.ended(task_id)
    found = (await scheduler.cell.read(task_id)).task
    assert found is not None
    assert (found.state.artifact, found.state.result) == (report.artifact, None)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_tenants_artifact_is_not_to_be_read(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore, kind: str
) -> None:
    await start_worker()
    theirs = await put(store, b"secret", tenant="other")

    [task_id] = await scheduler.submit(f"artifact.{kind}", payload=theirs.id, max_retry=0)

    report = await scheduler.only_report(task_id)
    assert report.error is not None
    assert "FileNotFoundError" in report.error.message


@pytest.mark.parametrize("kind", KINDS)
async def test_a_large_result_becomes_an_artifact(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore, kind: str
) -> None:
    await start_worker()

    [small] = await scheduler.submit(f"artifact.large.{kind}", payload=998)
    [large] = await scheduler.submit(f"artifact.large.{kind}", payload=2_000_000)

    assert await scheduler.result(small) == "x" * 998
    report = await scheduler.only_report(large)
    assert report.outcome == "success", report
    assert await read(store, report.artifact) == b'"' + b"x" * 2_000_000 + b'"'


async def test_a_later_attempt_goes_on_from_the_checkpoint_of_one_that_died(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore
) -> None:
    assert store.configured
    await start_worker()

    [task_id] = await scheduler.submit("artifact.dies", max_retry=1, backoff=Backoff("fixed", base_ms=0))

    await scheduler.ended(task_id)
    assert [report.outcome for report in scheduler.finished(task_id)] == ["failed", "success"]
    assert bytes(scheduler.finished(task_id)[-1].result) == b'"half way"'


async def test_a_child_reads_the_artifact_of_its_parent(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore
) -> None:
    await start_worker()
    [parent] = await scheduler.submit("artifact.loop", payload=(await put(store, b"hello")).id)

    [child] = await scheduler.submit("artifact.parent", depends_on=[parent])

    assert await scheduler.result(child) == "hello"


async def test_a_warm_process_stays_warm(
    scheduler: PlayedScheduler, start_worker: Start, store: ArtifactStore
) -> None:
    await start_worker()
    given = (await put(store, b"hello")).id

    pids = []
    for _ in range(2):
        [task_id] = await scheduler.submit("artifact.warm", payload=given)
        pids.append(await scheduler.result(task_id))
        await scheduler.ended(task_id)

    assert pids[0] == pids[1] != os.getpid()
