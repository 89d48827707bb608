"""Pictures to draw and audio to transcribe, at the gateway's doors."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Answer, Door, gateway

from xqueue_embedded import Kafka, Redis

IMAGE, SPEECH = "/api/v1/image/async", "/api/v1/speech/async"
SOUND = b"RIFF" + b"la" * 200_000
MOST = 512 * 1024


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model-calls") / "artifacts"


@pytest.fixture(scope="module")
async def one_door(kafka: Kafka, redis_server: Redis, folder: Path) -> AsyncIterator[Door]:
    history = f"sqlite:///{folder.parent / 'history.db'}"
    async with playing(kafka, redis_server, "model-calls", history) as played:
        played.keeps = True
        async with gateway(played, artifacts_url=folder.as_uri(), max_audio_bytes=MOST) as opened:
            yield opened


@pytest.fixture
def door(one_door: Door, namespace: str) -> Door:
    return one_door.of(namespace)


class Store:
    """The artifacts that were kept since the test began."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._files()

    def kept(self) -> list[bytes]:
        return [file.read_bytes() for file in self._files() - self._before]

    def _files(self) -> set[Path]:
        return {file for file in (self._folder / "data").rglob("*") if file.is_file()}


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


async def say(door: Door, audio: Any = ("a.wav", SOUND, "audio/wav"), *, key: str = "", **fields: str) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return await door.ask("POST", SPEECH, files={"audio": audio}, data=fields, headers=headers)


async def test_a_picture_is_a_task_like_any_other(door: Door) -> None:
    first = await door.post({"prompt": "a fox", "width": 64, "queue": "art"}, IMAGE, key="k1")
    again = await door.post({"width": 64, "prompt": "a fox", "queue": "art"}, IMAGE, key="k1")
    other = await door.post({"prompt": "a dog", "queue": "art"}, IMAGE, key="k1")

    assert (first.status_code, first.json()) == (202, {"task_id": first.json()["task_id"], "status": "pending"})
    assert first.headers["Location"] == f"/api/v1/tasks/{first.json()['task_id']}"
    assert (again.json()["task_id"], again.headers["Idempotent-Replayed"]) == (first.json()["task_id"], "true")
    assert other.status_code == 409
    task = await door.task(first.json()["task_id"])
    assert (task["type"], task["queue"]) == ("image.generate", "art")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": "a", "size": 3}, "size"),
        ({"prompt": "a", "webhook": {"url": "x"}}, "webhook.url"),
    ],
)
async def test_a_wrong_picture_is_refused_by_field(door: Door, body: dict[str, Any], field: str) -> None:
    answer = await door.post(body, IMAGE)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_picture_is_ordered_in_json(door: Door) -> None:
    answer = await door.ask("POST", IMAGE, content=b'{"prompt": "a"}', headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415


async def test_audio_is_stored_and_its_task_names_it(door: Door, store: Store) -> None:
    answer = await say(door, language="en", priority="9")

    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    task = await door.task(answer.json()["task_id"])
    assert (task["type"], task["priority"]) == ("speech.transcribe", 9)
    assert store.kept() == [SOUND]


async def test_the_same_audio_under_the_same_key_is_the_same_task_and_kept_once(door: Door, store: Store) -> None:
    first = await say(door, key="k")
    again = await say(door, key="k")

    assert again.json()["task_id"] == first.json()["task_id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert store.kept() == [SOUND]

    other = await say(door, ("a.wav", b"something else", "audio/wav"), key="k")
    assert other.status_code == 409
    assert store.kept() == [SOUND]


@pytest.mark.parametrize(
    ("audio", "fields", "refused"),
    [
        (("a.wav", b"", "audio/wav"), {}, (422, "audio")),
        (("a.txt", SOUND, "text/plain"), {}, (415, "audio")),
        (("a.wav", b"x" * (MOST + 1), "audio/wav"), {}, (413, "audio")),
        (("a.wav", SOUND, "audio/wav"), {"language": "Klingon!"}, (422, "language")),
        (("a.wav", SOUND, "audio/wav"), {"sped": "2"}, (422, "sped")),
        (("a.wav", SOUND, "audio/wav"), {"queue": "x" * 70_000}, (413, "queue")),
        (("a.wav", SOUND, "audio/wav"), {"max_concurrency": "3"}, (422, "concurrency_key")),
        ((None, "la la"), {}, (422, "audio")),
    ],
)
async def test_a_wrong_recording_is_refused_by_field_and_not_kept(
    door: Door, store: Store, audio: Any, fields: dict[str, str], refused: tuple[int, str]
) -> None:
    answer = await say(door, audio, **fields)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == refused
    assert store.kept() == []


async def test_two_recordings_are_refused_and_not_kept(door: Door, store: Store) -> None:
    audio = ("audio", ("a.wav", SOUND, "audio/wav"))

    answer = await door.ask("POST", SPEECH, files=[audio, audio])

    assert answer.status_code == 422
    assert "given twice" in answer.json()["detail"]
    assert store.kept() == []


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
BEGIN = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "audio/wav"}, SOUND, 415),
        ({"Content-Type": "multipart/form-data"}, SOUND, 415),
        ({"Content-Type": "multipart/form-data; boundary="}, SOUND, 415),
        (FORM, SOUND, 400),
        (FORM, b"", 400),
        (FORM, BEGIN + b"la", 400),
        (FORM, BEGIN.replace(b"form-data; ", b"nothing; ") + b"la\r\n--b--\r\n", 400),
        (FORM, BEGIN.replace(b'"a"', b'"\xff"') + b"la\r\n--b--\r\n", 400),
        (FORM, b"--b--\r\n", 422),
        (FORM, b"".join(BEGIN.replace(b"audio", b"f%d" % i) + b"1\r\n" for i in range(40)) + b"--b--\r\n", 422),
    ],
)
async def test_a_form_that_is_none_is_refused(
    door: Door, store: Store, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await door.ask("POST", SPEECH, content=body, headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["hint"]
    assert store.kept() == []


async def test_without_a_store_that_is_said(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        answer = await say(door)

    assert answer.status_code == 503
    assert "XQ_ARTIFACTS_URL" in answer.json()["errors"][0]["hint"]
