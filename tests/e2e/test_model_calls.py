"""Pictures and speech at once, by the example server that `up` starts where no other is named."""

import io
from pathlib import Path
from typing import Any

from integration.gateway.running import Answer, Door
from PIL import Image

SPOKEN = Path(__file__).with_name("one_to_five.flac")


async def result_of(door: Door, answer: Answer) -> Answer:
    assert answer.status_code == 202, answer.text
    assert answer.json().keys() == {"task_id", "status"}
    task: dict[str, Any] = await door.task(answer.json()["task_id"], "?wait=60")
    assert task["status"] == "success", task["error"]
    assert (task["result"], task["attempt"]) == (None, 1)
    return await door.get(task["result_url"])


async def test_a_prompt_becomes_a_picture_that_can_be_downloaded(door: Door) -> None:
    wish = {"prompt": "a red fox in the snow", "width": 320, "height": 200, "seed": 7}

    first = await result_of(door, await door.post(wish, "/api/v1/image/async"))
    again = await result_of(door, await door.post(wish, "/api/v1/image/async"))
    other = await result_of(door, await door.post({**wish, "seed": 8}, "/api/v1/image/async"))

    assert (first.status_code, first.headers["Content-Type"]) == (200, "image/png")
    picture = Image.open(io.BytesIO(first.content))
    assert (picture.format, picture.size) == ("PNG", (320, 200))
    assert len(picture.convert("RGB").getcolors(320 * 200) or ()) > 1000
    assert first.content == again.content != other.content


async def test_what_is_said_becomes_text(door: Door) -> None:
    audio = {"audio": (SPOKEN.name, SPOKEN.read_bytes(), "audio/flac")}

    heard = await result_of(door, await door.ask("POST", "/api/v1/speech/async", files=audio))

    transcript = heard.json()
    assert (heard.headers["Content-Type"], transcript["language"]) == ("application/json", "en")
    assert {"two", "three", "four", "five"} <= set(transcript["text"].split())
    [segment] = transcript["segments"]
    assert 0 <= segment["start"] < segment["end"] < 2


async def test_what_a_server_refuses_is_the_tasks_error(door: Door) -> None:
    audio = {"audio": ("no.wav", b"this is no sound", "audio/wav")}
    answer = await door.ask("POST", "/api/v1/speech/async", files=audio)

    task = await door.task(answer.json()["task_id"], "?wait=60")

    assert (task["status"], task["attempt"], task["error"]["kind"]) == ("failed", 1, "backend_refused")
    assert "no audio that libsndfile reads" in task["error"]["message"]


async def test_the_servers_are_told_as_the_workers_see_them(door: Door) -> None:
    items = (await door.get("/api/v1/backends")).json()["items"]

    assert [(item["pool"], item["state"]) for item in items] == [("image", "up"), ("speech", "up")]
    [url] = {item["url"] for item in items}
    assert url.startswith("http://127.0.0.1:")
    assert [list(item["workers"].values()) for item in items] == [["up"], ["up"]]
