"""Which part of a file is sent, and how browsers are told of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from xqueue_common.artifacts import Artifact
from xqueue_gateway.artifacts.headers import headers_of, knows
from xqueue_gateway.artifacts.ranges import Part, Unsatisfiable, part_of

RANGES: list[tuple[str | None, Any]] = [
    (None, None),
    ("bytes=0-9", Part(0, 10)),
    ("bytes=5-", Part(5, 100)),
    ("bytes=-7", Part(93, 100)),
    ("bytes=-700", Part(0, 100)),
    ("bytes=99-99", Part(99, 100)),
    ("bytes=0-1000", Part(0, 100)),
    ("bytes=100-", Unsatisfiable()),
    ("bytes=-0", Unsatisfiable()),
    ("bytes=9-5", None),
    ("bytes=-", None),
    ("bytes=0-1,5-6", None),
    ("items=0-1", None),
    ("bytes=a-b", None),
    ("bytes=0-5\n", None),
    ("bytes=" + "9" * 30 + "-", None),
]


@pytest.mark.parametrize(("asked", "part"), RANGES)
def test_a_range_is_read_as_the_rfc_says(asked: str | None, part: Any) -> None:
    assert part_of(100, asked) == part


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_there_is_no_part_of_an_empty_file(asked: str) -> None:
    assert part_of(0, asked) == Unsatisfiable()


def artifact(content_type: str = "image/png", name: str | None = None) -> Artifact:
    return Artifact(
        id="art_x", tenant="t", content_type=content_type, size=1, name=name, created_at=datetime.now(UTC)
    )


def header(which: str, **facts: Any) -> str:
    return dict(headers_of(artifact(**facts)))[which.encode()].decode()


SHOWN = ["image/png", "text/plain; charset=utf-8", "application/json", "audio/wav", "video/mp4", "IMAGE/PNG"]
SAVED = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "a/b"]


@pytest.mark.parametrize("content_type", SHOWN)
def test_what_cannot_run_in_a_browser_is_shown_there(content_type: str) -> None:
    assert header("content-disposition", content_type=content_type) == "inline"


@pytest.mark.parametrize("content_type", SAVED)
def test_what_could_run_in_a_browser_is_saved(content_type: str) -> None:
    assert header("content-disposition", content_type=content_type) == "attachment"
    assert "sandbox" in header("content-security-policy", content_type=content_type)


NAMES = [
    ("a.png", "inline; filename=\"a.png\"; filename*=UTF-8''a.png"),
    ("../../etc/passwd", "inline; filename=\"passwd\"; filename*=UTF-8''passwd"),
    ("..\\..\\boot.ini", "inline; filename=\"boot.ini\"; filename*=UTF-8''boot.ini"),
    ('a"; filename="b', "inline; filename=\"a__ filename__b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b"),
    ("Größe.png", "inline; filename=\"Gr__e.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.png"),
    ("a/", "inline; filename=\"file\"; filename*=UTF-8''file"),
]


@pytest.mark.parametrize(("name", "told"), NAMES)
def test_a_name_is_told_without_harm(name: str, told: str) -> None:
    assert header("content-disposition", name=name) == told


@pytest.mark.parametrize(
    ("asked", "known"), [(None, False), ('"art_x"', True), ('"a", W/"art_x"', True), ("*", True), ('"a"', False)]
)
def test_a_client_that_has_it_is_recognized(asked: str | None, known: bool) -> None:  # noqa: FBT001
    assert knows(asked, artifact()) is known
