"""Artifacts over HTTP: up, down, in parts, whose they are, and what broken uploads leave."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door, gateway
from support.eventually import eventually

MOST = 5_000_000
ALL = "/api/v1/artifacts"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
async def keeping_door(shared_cell: PlayedCell, folder: Path) -> AsyncIterator[Door]:
    async with gateway(shared_cell, artifacts_url=folder.as_uri(), artifact_max_bytes=MOST) as door:
        yield door


@pytest.fixture
def door(keeping_door: Door, namespace: str) -> Door:
    return keeping_door.of(namespace)


async def upload(door: Door, data: bytes, content_type: str | None = "text/plain", query: str = "") -> Answer:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return await door.ask("POST", f"{ALL}{query}", content=data, headers=headers)


async def stored(door: Door, data: bytes, content_type: str = "text/plain", query: str = "") -> str:
    answer = await upload(door, data, content_type, query)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def files_of(folder: Path) -> list[str]:
    return [name for _, _, names in os.walk(folder) for name in names]


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
async def test_what_was_uploaded_comes_back_as_it_was(door: Door, size: int) -> None:
    data = os.urandom(size)

    told = (await upload(door, data, "image/png", "?name=a.png")).json()
    answer = await door.get(f"{ALL}/{told['id']}")

    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(size)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert 'filename="a.png"' in answer.headers["Content-Disposition"]
    assert (told["size"], told["content_type"], told["name"], told["tenant"]) == (
        size,
        "image/png",
        "a.png",
        door.tenant,
    )
    assert told["expires_at"] > told["created_at"]


async def test_a_head_tells_what_a_download_would(door: Door) -> None:
    url = await stored(door, b"abcdef")

    head, answer = await door.ask("HEAD", url), await door.get(url)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == answer.headers[name]


@pytest.mark.parametrize(
    ("asked", "data", "told"),
    [("bytes=2-3", b"cd", "bytes 2-3/6"), ("bytes=4-", b"ef", "bytes 4-5/6"), ("bytes=-1", b"f", "bytes 5-5/6")],
)
async def test_a_part_can_be_asked_for(door: Door, asked: str, data: bytes, told: str) -> None:
    answer = await door.ask("GET", await stored(door, b"abcdef"), headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, data)
    assert (answer.headers["Content-Range"], answer.headers["Content-Length"]) == (told, str(len(data)))


async def test_a_part_behind_the_end_is_refused(door: Door) -> None:
    answer = await door.ask("GET", await stored(door, b"abcdef"), headers={"Range": "bytes=6-"})

    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */6")
    assert answer.json()["errors"][0]["field"] == "Range"


async def test_what_the_client_has_is_not_sent_again(door: Door) -> None:
    url = await stored(door, b"abcdef")
    etag = (await door.get(url)).headers["ETag"]

    same = await door.ask("GET", url, headers={"If-None-Match": etag})
    other_part = await door.ask("GET", url, headers={"If-Range": '"other"', "Range": "bytes=0-1"})

    assert (same.status_code, same.content) == (304, b"")
    assert (other_part.status_code, other_part.content) == (200, b"abcdef")


async def test_another_tenant_finds_nothing_by_any_method(door: Door) -> None:
    url, other = await stored(door, b"secret"), door.of(f"{door.tenant}-other")

    for method in ("GET", "HEAD", "DELETE"):
        assert (await other.ask(method, url)).status_code == 404
    assert (await door.get(url)).content == b"secret"


@pytest.mark.parametrize(
    "wanted", ["art_012345678901234567890123", "x", "..%2f..%2fetc%2fpasswd", "art_%00", "%ff"]
)
async def test_an_id_that_names_nothing_is_not_found(door: Door, wanted: str) -> None:
    answer = await door.get(f"{ALL}/{wanted}")

    assert answer.status_code == 404, answer.text


async def test_what_was_deleted_is_gone(door: Door, folder: Path) -> None:
    url = await stored(door, b"abcdef")

    assert (await door.ask("DELETE", url)).status_code == 204
    assert (await door.get(url)).status_code == 404
    assert (await door.ask("DELETE", url)).status_code == 404
    assert not [name for name in files_of(folder / "data") if name == url.rpartition("/")[2]]


async def test_what_is_deleted_while_it_is_asked_for_is_not_found(door: Door, folder: Path) -> None:
    url = await stored(door, b"abcdef")
    artifact_id = url.rpartition("/")[2]

    (folder / "data" / artifact_id[4:6] / artifact_id).unlink()

    assert (await door.get(url)).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "query", "status", "field"),
    [
        ("no type", "", 422, "Content-Type"),
        ("multipart/form-data; boundary=x", "", 415, "Content-Type"),
        ("text/plain", "?name=", 422, "name"),
        ("text/plain", "?name=a%0Ab", 422, "name"),
        ("text/plain", "?name=" + "x" * 256, 422, "name"),
        ("text/plain", "?nam=a", 422, "nam"),
        ("text/plain", "?name=a&name=b", 422, "name"),
    ],
)
async def test_what_is_wrong_with_an_upload_is_told(
    door: Door, content_type: str, query: str, status: int, field: str
) -> None:
    answer = await upload(door, b"x", content_type, query)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text


async def test_without_a_content_type_it_is_bytes(door: Door) -> None:
    assert (await upload(door, b"x", None)).json()["content_type"] == "application/octet-stream"


async def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(door: Door, folder: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MOST // 100_000 + 1):
            yield b"x" * 100_000

    before = sorted(files_of(folder))
    announced = await upload(door, b"x" * (MOST + 1))
    streamed = await door.ask("POST", ALL, content=endless(), headers={"Content-Type": "text/plain"})

    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert "XQ_ARTIFACT_MAX_BYTES" in streamed.json()["errors"][0]["hint"]
    assert sorted(files_of(folder)) == before


async def test_a_client_that_leaves_midway_leaves_nothing(door: Door, folder: Path) -> None:
    before = sorted(files_of(folder))
    address = urlsplit(door.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"POST {ALL} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 4000000\r\n\r\n".encode()
    )
    writer.write(b"x" * 2_000_000)
    await writer.drain()
    await eventually(lambda: sorted(files_of(folder)) != before)  # it has begun

    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()

    await eventually(lambda: sorted(files_of(folder)) == before)


async def test_a_result_in_an_artifact_is_found_by_way_of_its_task(door: Door, shared_cell: PlayedCell) -> None:
    url = await stored(door, b'{"large": true}', "application/json")
    task_id = (await door.submit("artifact.result"))["task_id"]
    await shared_cell.offer("artifact.result")
    await shared_cell.finish(task_id, artifact=url.rpartition("/")[2])

    task = await door.task(task_id)
    answer = await door.get(f"/api/v1/tasks/{task_id}/result")

    assert (task["result"], task["result_url"]) == (None, url)
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert (await door.get(answer.headers["Location"])).json() == {"large": True}


async def test_a_result_in_an_artifact_stays_with_its_task_in_the_history(
    door: Door, shared_cell: PlayedCell
) -> None:
    url = await stored(door, b"{}", "application/json")
    task_id = (await door.submit("artifact.history"))["task_id"]
    await shared_cell.offer("artifact.history")
    await shared_cell.finish(task_id, artifact=url.rpartition("/")[2])
    await shared_cell.kept(task_id)
    await shared_cell.expire(task_id)

    assert (await door.task(task_id))["result_url"] == url
    assert (await door.get(f"/api/v1/tasks/{task_id}/result")).status_code == 303


async def test_the_store_is_among_the_dependencies(door: Door) -> None:
    assert (await door.get("/api/v1/health")).json()["dependencies"]["artifacts"] == "ok"


async def test_while_the_store_is_away_artifacts_are_unavailable_and_tasks_are_not(
    own_cell: PlayedCell, tmp_path: Path
) -> None:
    place = tmp_path / "store"
    async with gateway(own_cell, artifacts_url=place.as_uri()) as door:
        url = await stored(door, b"abc")
        place.rename(tmp_path / "moved")
        place.write_text("no folder")

        for answer in (await upload(door, b"x"), await door.get(url), await door.ask("DELETE", url)):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), answer.text
            assert str(tmp_path) not in answer.text
        assert (await door.get("/api/v1/health")).json()["dependencies"]["artifacts"] != "ok"
        assert (await door.submit())["status"] == "pending"

        place.unlink()
        (tmp_path / "moved").rename(place)
        assert (await door.get(url)).content == b"abc"


async def test_without_a_store_it_is_said_what_to_set(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        for answer in (await upload(door, b"x"), await door.get(f"{ALL}/art_012345678901234567890123")):
            assert answer.status_code == 503
            assert "XQ_ARTIFACTS_URL" in answer.json()["errors"][0]["hint"]
        assert "artifacts" not in (await door.get("/api/v1/health")).json()["dependencies"]
