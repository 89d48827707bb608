"""Files, as the SDK and the command send and fetch them."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from unit.client.answering import SNAPSHOT, URL, json, problem
from unit.client.test_contract import SCHEMAS

from xqueue_client import Artifact, AsyncClient, Client, InvalidRequest, NotFound, ResultFile, Unreachable
from xqueue_client.http.doors import Access, AsyncDoor, Door

ARTIFACT: dict[str, Any] = {
    "id": "art_1",
    "tenant": "default",
    "content_type": "image/png",
    "size": 3,
    "name": "a.png",
    "created_at": "2030-01-01T00:00:00Z",
    "expires_at": None,
}


class Breaking(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that ends before its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __iter__(self) -> Iterator[bytes]:
        yield self._data
        message = "connection lost"
        raise httpx2.ReadError(message)

    async def __aiter__(self) -> Any:
        for chunk in self:
            yield chunk


class Gateway:
    """Answers in turn, and keeps what it was sent."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.asked: list[httpx2.Request] = []
        self.bodies: list[bytes] = []
        self._answers = list(answers)

    def _next(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def plain(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(request.read())
        return self._next(request)

    async def awaited(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append(await request.aread())
        return self._next(request)

    def do(self, what: str, *args: Any, awaited: bool, **options: Any) -> Any:
        """Call a method of `client.artifacts`; nobody sleeps between two tries."""
        if not awaited:
            with Client(URL, transport=httpx2.MockTransport(self.plain)) as client:
                client._door._sleep = lambda _s: None
                return getattr(client.artifacts, what)(*args, **options)

        async def run() -> Any:
            async with AsyncClient(URL, transport=httpx2.MockTransport(self.awaited)) as client:
                client._door._sleep = lambda _s: asyncio.sleep(0)
                return await getattr(client.artifacts, what)(*args, **options)

        return asyncio.run(run())


both = pytest.mark.parametrize("awaited", [False, True])


def test_the_sdk_knows_exactly_the_fields_of_an_artifact() -> None:
    assert set(Artifact.__struct_fields__) == set(SCHEMAS["Artifact"]["properties"])


@both
@pytest.mark.parametrize("kind", ["bytes", "path", "file"])
def test_a_file_is_sent_whole_with_each_try(tmp_path: Path, kind: str, *, awaited: bool) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x" * 600_000)
    file = io.BytesIO(b"before" + path.read_bytes())
    file.seek(6)
    source = {"bytes": path.read_bytes(), "path": path, "file": file}[kind]
    gateway = Gateway(httpx2.ReadError("lost"), problem(503), json(201, ARTIFACT))

    artifact = gateway.do("upload", source, name="a.png", awaited=awaited)

    assert (artifact.id, artifact.size) == ("art_1", 3)
    assert gateway.bodies == [b"x" * 600_000] * 3
    sent = gateway.asked[-1]
    assert (sent.method, sent.url.path, sent.url.params["name"]) == ("POST", "/api/v1/artifacts", "a.png")
    assert sent.headers["content-type"] == "image/png"


@both
def test_a_path_says_name_and_type(tmp_path: Path, *, awaited: bool) -> None:
    path = tmp_path / "b.wav"
    path.write_bytes(b"x")
    gateway = Gateway(json(201, ARTIFACT))

    gateway.do("upload", path, awaited=awaited)

    assert gateway.asked[0].url.params["name"] == "b.wav"
    assert gateway.asked[0].headers["content-type"].startswith("audio/")


@both
def test_bytes_without_a_name_are_bytes(*, awaited: bool) -> None:
    gateway = Gateway(json(201, ARTIFACT))

    gateway.do("upload", b"x", awaited=awaited)

    assert gateway.asked[0].headers["content-type"] == "application/octet-stream"
    assert "name" not in gateway.asked[0].url.params


@both
def test_a_stream_that_could_not_be_sent_again_is_refused(*, awaited: bool) -> None:
    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(ValueError, match="could not be sent again"):
        Gateway().do("upload", Stream(b"x"), awaited=awaited)


@both
def test_a_file_that_is_too_large_is_said_to_be(*, awaited: bool) -> None:
    with pytest.raises(InvalidRequest):
        Gateway(problem(413)).do("upload", b"x", awaited=awaited)


@both
def test_a_download_goes_on_where_the_connection_was_lost(tmp_path: Path, *, awaited: bool) -> None:
    gateway = Gateway(
        httpx2.Response(200, stream=Breaking(b"abc")),
        problem(503),
        httpx2.Response(206, content=b"def"),
    )

    gateway.do("download", "art_1", tmp_path / "out", awaited=awaited)

    assert (tmp_path / "out").read_bytes() == b"abcdef"
    assert [request.headers.get("range") for request in gateway.asked] == [None, "bytes=3-", "bytes=3-"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@both
def test_a_download_that_fails_leaves_no_file(tmp_path: Path, *, awaited: bool) -> None:
    with pytest.raises(NotFound):
        Gateway(problem(404)).do("download", "art_1", tmp_path / "out", awaited=awaited)

    assert list(tmp_path.iterdir()) == []


@both
def test_a_download_may_stay_in_memory_or_go_into_an_open_file(*, awaited: bool) -> None:
    file = io.BytesIO()
    gateway = Gateway(httpx2.Response(200, content=b"abc"), httpx2.Response(200, content=b"abc"))

    assert gateway.do("download", "art_1", awaited=awaited) == b"abc"
    gateway.do("download", "art_1", file, awaited=awaited)
    assert file.getvalue() == b"abc"


@both
@pytest.mark.parametrize("artifact_id", ["", ".", ".."])
def test_an_id_that_would_be_another_path_is_not_asked_for(artifact_id: str, *, awaited: bool) -> None:
    gateway = Gateway()

    for what in ("download", "delete"):
        with pytest.raises(NotFound):
            gateway.do(what, artifact_id, awaited=awaited)
    assert gateway.asked == []


ENDED = SNAPSHOT | {"status": "success", "result": None, "result_url": "/api/v1/artifacts/art_1"}
RESULTS = [
    (httpx2.Response(200, content=b'{"a": 1}', headers={"content-type": "application/json"}), {"a": 1}),
    (
        httpx2.Response(200, content=b"png", headers={"content-type": "image/png"}),
        ResultFile("art_1", "image/png", 3),
    ),
]


@pytest.mark.parametrize(("answer", "expected"), RESULTS, ids=["json", "file"])
def test_a_result_in_an_artifact_is_fetched_if_it_is_json(answer: httpx2.Response, expected: Any) -> None:
    gateway = Gateway(json(200, ENDED), answer)

    with Client(URL, transport=httpx2.MockTransport(gateway.plain)) as client:
        assert client.get("t1").result() == expected


async def test_so_it_is_for_asyncio() -> None:
    gateway = Gateway(
        json(200, ENDED), httpx2.Response(200, json=[1], headers={"content-type": "application/json"})
    )

    async with AsyncClient(URL, transport=httpx2.MockTransport(gateway.awaited)) as client:
        assert await (await client.get("t1")).result() == [1]


def test_a_download_that_brings_nothing_is_given_up() -> None:
    gateway = Gateway(*[httpx2.ReadError("lost")] * 3)
    access = Access(url=URL, headers={}, timeout=1.0, retry_for=0.0)
    door = Door(access, transport=httpx2.MockTransport(gateway.plain))

    with pytest.raises(Unreachable):
        door.fetch("/api/v1/artifacts/art_1", sink=None)  # type: ignore[arg-type]  # never comes to that
    assert len(gateway.asked) == 1
    door.close()


async def test_so_is_one_for_asyncio() -> None:
    gateway = Gateway(*[httpx2.ReadError("lost")] * 3)
    access = Access(url=URL, headers={}, timeout=1.0, retry_for=0.0)
    door = AsyncDoor(access, transport=httpx2.MockTransport(gateway.awaited))

    with pytest.raises(Unreachable):
        await door.fetch("/api/v1/artifacts/art_1", sink=None)  # type: ignore[arg-type]  # never comes to that
    assert len(gateway.asked) == 1
    await door.close()
