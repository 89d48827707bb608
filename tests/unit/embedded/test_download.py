"""Files come from a Maven repository into the cache: whole, right, and only once."""

from pathlib import Path

import pytest
from unit.embedded.maven_repository import Repository

from xqueue_embedded.errors import CorruptDownload, DownloadFailed
from xqueue_embedded.fetch.artifact import Artifact
from xqueue_embedded.fetch.maven import fetch_jars


async def test_many_files_come_at_once(repository: Repository, cache: Path) -> None:
    wanted = [repository.publish(f"org/example/{n}.jar", bytes([n]) * 1000) for n in range(20)]

    jars = await fetch_jars(wanted, title="examples")

    assert [jar.read_bytes() for jar in jars] == [bytes([n]) * 1000 for n in range(20)]
    assert not found(cache, "*.part")


async def test_a_second_time_nobody_is_asked(repository: Repository) -> None:
    wanted = [repository.publish("a.jar", b"content")]
    await fetch_jars(wanted, title="examples")

    await fetch_jars(wanted, title="examples")

    assert len(repository.asked) == 1


async def test_a_file_with_another_content_is_refused_and_thrown_away(repository: Repository, cache: Path) -> None:
    pinned = repository.publish("a.jar", b"good content")
    repository.publish("a.jar", b"evil content")

    with pytest.raises(CorruptDownload, match=pinned.sha256):
        await fetch_jars([pinned], title="examples")

    assert not found(cache, "a.jar*")


async def test_a_file_that_is_longer_than_pinned_is_refused(repository: Repository) -> None:
    pinned = repository.publish("a.jar", b"good content")
    repository.publish("a.jar", b"good content and more")

    with pytest.raises(CorruptDownload):
        await fetch_jars([pinned], title="examples")


async def test_a_connection_that_breaks_is_taken_up_where_it_broke(repository: Repository) -> None:
    pinned = repository.publish("a.jar", b"0123456789")
    repository.cut_after = 4

    (jar,) = await fetch_jars([pinned], title="examples")

    assert jar.read_bytes() == b"0123456789"
    assert repository.asked == [("/a.jar", None), ("/a.jar", "bytes=4-")]


async def test_what_a_killed_run_left_is_used(repository: Repository, cache: Path) -> None:
    pinned = repository.publish("a.jar", b"0123456789")
    left_over(cache, b"012345")

    (jar,) = await fetch_jars([pinned], title="examples")

    assert jar.read_bytes() == b"0123456789"
    assert repository.asked == [("/a.jar", "bytes=6-")]


async def test_what_a_killed_run_left_whole_is_only_checked(repository: Repository, cache: Path) -> None:
    pinned = repository.publish("a.jar", b"0123456789")
    left_over(cache, b"0123456789")

    (jar,) = await fetch_jars([pinned], title="examples")

    assert jar.read_bytes() == b"0123456789"
    assert not repository.asked


async def test_what_a_killed_run_left_ruined_is_fetched_anew(repository: Repository, cache: Path) -> None:
    pinned = repository.publish("a.jar", b"0123456789")
    left_over(cache, b"ruined")

    (jar,) = await fetch_jars([pinned], title="examples")

    assert jar.read_bytes() == b"0123456789"


@pytest.mark.usefixtures("repository")
async def test_a_file_that_nobody_has_is_named() -> None:
    unknown = Artifact(path="unknown.jar", sha256="0" * 64, size=1)

    with pytest.raises(DownloadFailed, match=r"unknown\.jar: HTTP Error 404"):
        await fetch_jars([unknown], title="examples")


def found(folder: Path, pattern: str) -> list[Path]:
    return list(folder.rglob(pattern))


def left_over(cache: Path, content: bytes) -> None:
    part = cache / "maven" / "a.jar.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
