"""Artifacts as handlers see them: of loops and threads, over a folder in place of the installation's store."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from xqueue_common.artifacts import Artifact
from xqueue_worker import Context, task
from xqueue_worker.artifacts.shelf import of_environment
from xqueue_worker.handler import REGISTRY
from xqueue_worker.testing import HeldArtifacts, run_task


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    known = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(known)


@task("artifacts.copy.async")
async def copy_async(ctx: Context, payload: str) -> object:
    async with ctx.artifact(payload) as source, ctx.artifact(content_type="text/plain", name="copy.txt") as target:
        async for chunk in source:
            await target.write(chunk)
    return target


@task("artifacts.copy")
def copy(ctx: Context, payload: str) -> object:
    with ctx.artifact(payload) as source, ctx.artifact(content_type="text/plain", name="copy.txt") as target:
        shutil.copyfileobj(source, target)
    return target.artifact


@pytest.mark.parametrize("handler", [copy, copy_async])
@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_what_a_handler_writes_and_returns_is_the_result_of_its_task(handler: Any, size: int) -> None:
    files = HeldArtifacts()
    given = files.put(b"x" * size)

    run = run_task(handler, given.id, artifacts=files)

    assert run.status == "success", run.error
    assert run.result is None
    assert run.artifact is not None
    told = run.artifact
    assert (told.size, told.content_type, told.name, told.expires_at) == (size, "text/plain", "copy.txt", None)
    assert files.read(told.id) == b"x" * size


@pytest.mark.parametrize("handler", [copy, copy_async])
@pytest.mark.parametrize("wanted", ["art_012345678901234567890123", "../../etc/passwd", "", "art_"])
def test_an_artifact_that_is_not_there_is_not_found(handler: Any, wanted: str) -> None:
    run = run_task(handler, wanted)

    assert run.error is not None
    assert "FileNotFoundError: there is no artifact" in run.error.message


@pytest.mark.parametrize("handler", [copy, copy_async])
def test_an_artifact_of_another_tenant_is_not_there(handler: Any) -> None:
    files = HeldArtifacts(tenant="other")

    run = run_task(handler, files.put(b"secret").id, artifacts=files)

    assert run.error is not None
    assert "FileNotFoundError" in run.error.message


def test_a_file_is_read_at_any_place() -> None:
    @task("artifacts.seek")
    def seek(ctx: Context, payload: str) -> object:
        with ctx.artifact(payload) as file:
            file.seek(-3, io.SEEK_END)
            end = file.read()
            file.seek(1)
            return [file.read(2).decode(), end.decode(), file.seekable(), file.artifact.size]

    files = HeldArtifacts()
    run = run_task(seek, files.put(b"abcdefgh").id, artifacts=files)

    assert run.result == ["bc", "fgh", True, 8]


def test_reads_of_a_size_follow_one_another() -> None:
    @task("artifacts.sizes")
    async def sizes(ctx: Context, payload: str) -> object:
        async with ctx.artifact(payload) as file:
            return [(await file.read(3)).decode(), (await file.read()).decode(), (await file.read()).decode()]

    files = HeldArtifacts()

    assert run_task(sizes, files.put(b"abcdefgh").id, artifacts=files).result == ["abc", "defgh", ""]


@pytest.mark.parametrize("size", [1_000, 700_000, 3_000_000])
def test_reads_of_any_size_give_the_whole(size: int) -> None:
    @task("artifacts.whole")
    async def whole(ctx: Context, payload: str) -> object:
        async with ctx.artifact(payload) as file:
            found = [await file.read(size) for _ in range(3)]
            found += [chunk async for chunk in file]
        return b"".join(found).decode()

    files = HeldArtifacts(inline_bytes=10_000_000)
    data = "".join(chr(97 + n % 26) for n in range(2_500_000))

    assert run_task(whole, files.put(data.encode()).id, artifacts=files).result == data


def test_libraries_write_into_it_as_into_a_file() -> None:
    @task("artifacts.zip")
    def pack(ctx: Context, _payload: Any) -> object:
        with ctx.artifact(content_type="application/zip") as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.txt", "hello")
        return file

    run = run_task(pack)

    assert run.artifact is not None, run.error
    with zipfile.ZipFile(io.BytesIO(run.artifacts.read(run.artifact.id))) as archive:
        assert archive.read("a.txt") == b"hello"


def half(ctx: Context, *, name: str) -> None:
    with ctx.artifact(name=name) as file:
        file.write(b"half")
        msg = "half way"
        raise ValueError(msg)


async def half_async(ctx: Context, *, name: str) -> None:
    async with ctx.artifact(name=name) as file:
        await file.write(b"half")
        msg = "half way"
        raise ValueError(msg)


@task("artifacts.resume")
def resume(ctx: Context, _payload: Any) -> object:
    if ctx.attempt == 1:
        with ctx.artifact(name="checkpoint") as file:
            file.write(b"step 1")
        half(ctx, name="checkpoint")
    with ctx.kept("checkpoint") as file:
        return file.read().decode()


@task("artifacts.resume.async")
async def resume_async(ctx: Context, _payload: Any) -> object:
    if ctx.attempt == 1:
        async with ctx.artifact(name="checkpoint") as file:
            await file.write(b"step 1")
        await half_async(ctx, name="checkpoint")
    async with ctx.kept("checkpoint") as kept:
        return (await kept.read()).decode()


@pytest.mark.parametrize("handler", [resume, resume_async])
def test_a_later_attempt_reads_the_last_checkpoint_that_was_complete(handler: Any) -> None:
    run = run_task(handler, max_retry=1)

    assert (run.status, run.result) == ("success", "step 1")


@task("artifacts.fresh")
def fresh(ctx: Context, _payload: Any) -> object:
    try:
        with ctx.kept("checkpoint"):
            return "there is one"
    except FileNotFoundError:
        return "none"


def test_before_the_first_checkpoint_there_is_none() -> None:
    assert run_task(fresh).result == "none"


def test_checkpoints_are_those_of_the_task() -> None:
    files = HeldArtifacts()
    run_task(resume, max_retry=1, artifacts=files)

    assert run_task(fresh, task_id="018cc251-f400-7000-8000-000000000002", artifacts=files).result == "none"


@task("artifacts.large")
def large(_ctx: Context, payload: int) -> object:
    return "x" * payload


@task("artifacts.large.async")
async def large_async(_ctx: Context, payload: int) -> object:
    return "x" * payload


@pytest.mark.parametrize("handler", [large, large_async])
def test_a_result_that_is_too_large_for_the_task_becomes_an_artifact(handler: Any) -> None:
    files = HeldArtifacts(inline_bytes=100)

    inline, stored = run_task(handler, 98, artifacts=files), run_task(handler, 99, artifacts=files)

    assert (inline.result, inline.artifact) == ("x" * 98, None)
    assert stored.artifact is not None
    assert (stored.result, stored.artifact.content_type) == (None, "application/json")
    assert files.read(stored.artifact.id) == b'"' + b"x" * 99 + b'"'


@pytest.mark.parametrize("handler", [large, large_async])
def test_a_result_that_is_too_large_for_an_artifact_fails_for_good(handler: Any) -> None:
    run = run_task(handler, 1000, artifacts=HeldArtifacts(inline_bytes=100, max_bytes=1000))

    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == ("result_too_large", False)
    assert "XQ_ARTIFACT_MAX_BYTES" in run.error.message


@pytest.fixture
def no_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldArtifacts]:
    monkeypatch.delenv("XQ_ARTIFACTS_URL", raising=False)
    of_environment.cache_clear()
    files = HeldArtifacts()
    files.__dict__["keeping"] = of_environment()
    yield files
    of_environment.cache_clear()


@pytest.mark.parametrize("handler", [large, large_async])
def test_without_a_store_a_large_result_fails_and_says_what_to_set(handler: Any, no_store: HeldArtifacts) -> None:
    run = run_task(handler, 300_000, artifacts=no_store)

    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == ("result_too_large", False)
    assert "XQ_ARTIFACTS_URL" in run.error.message


@pytest.mark.parametrize("handler", [fresh, copy, copy_async])
def test_without_a_store_an_attempt_that_needs_one_fails_and_says_what_to_set(
    handler: Any, no_store: HeldArtifacts
) -> None:
    run = run_task(handler, "art_012345678901234567890123", artifacts=no_store)

    assert run.error is not None
    assert (run.error.kind, run.error.retryable) == ("artifact_unavailable", True)
    assert "XQ_ARTIFACTS_URL" in run.error.message


def test_a_write_that_failed_stores_nothing_even_if_the_handler_goes_on() -> None:
    @task("artifacts.swallow")
    def swallow(ctx: Context, _payload: Any) -> object:
        with ctx.artifact(name="cut") as file:
            try:
                file.write(b"x" * 11)
            except Exception:  # noqa: BLE001  # that is the point
                file.write(b"x")
        return file

    run = run_task(swallow, artifacts=HeldArtifacts(max_bytes=10))

    assert run.error is not None
    assert (run.error.kind, run.artifact) == ("artifact_too_large", None)


def test_a_file_is_returned_after_its_block() -> None:
    @task("artifacts.early")
    def early(ctx: Context, _payload: Any) -> object:
        return ctx.artifact(content_type="text/plain")

    error = run_task(early).error

    assert error is not None
    assert (error.kind, error.retryable) == ("invalid_result", False)


@pytest.mark.parametrize("content_type", ["", "png", "text/plain\r\nSet-Cookie: a=b", "a/b;\x00"])
def test_what_is_no_content_type_is_refused_where_it_is_said(content_type: str) -> None:
    @task("artifacts.wrong")
    def wrong(ctx: Context, payload: str) -> object:
        ctx.artifact(content_type=payload)

    error = run_task(wrong, content_type).error

    assert error is not None
    assert "ValueError: a content type looks like" in error.message


def test_an_artifact_may_stand_within_a_result() -> None:
    @task("artifacts.within")
    def within(ctx: Context, _payload: Any) -> object:
        with ctx.artifact(content_type="text/plain") as file:
            file.write(b"a")
        return {"files": [file.artifact]}

    run = run_task(within)

    found = run.result["files"][0]
    assert (found["content_type"], found["size"]) == ("text/plain", 1)
    assert isinstance(run.artifacts.find(found["id"]), Artifact)
