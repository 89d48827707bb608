import sys
from typing import Any

import pytest

from xqueue_worker import Context, Fail
from xqueue_worker.context import Facts
from xqueue_worker.handlers import ocr, ready


def a_context(attempt: int = 1) -> Context:
    return Context(Facts("task", attempt, "default", {}, 0.0), lambda _said: None)


async def test_echoes_return_what_they_get() -> None:
    payload = {"any": ["thing"]}
    assert await ready.example(a_context(), payload) == payload
    assert await ready.example_task(a_context(), payload) == payload


async def test_the_first_attempts_fail_and_the_next_one_succeeds() -> None:
    payload = ready.Failure(times=2)
    for attempt in (1, 2):
        with pytest.raises(ready.FailedAsAsked):
            await ready.fail(a_context(attempt), payload)
    assert await ready.fail(a_context(3), payload) == {"attempt": 3}


async def test_a_final_failure_is_final() -> None:
    with pytest.raises(Fail, match="no use"):
        await ready.fail(a_context(), ready.Failure(message="no use", retryable=False))


async def test_a_long_run_takes_its_steps() -> None:
    told: list[Any] = []
    ctx = Context(Facts("task", 1, "default", {}, 0.0), told.append)

    assert await ready.long_running_task(ctx, ready.LongRun(seconds=0.01, steps=4)) == {"seconds": 0.01, "steps": 4}

    assert [progress.percent for progress in told] == [25, 50, 75, 100]


def test_without_its_libraries_the_model_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_engine", None)
    monkeypatch.setitem(sys.modules, "rapidocr", None)

    with pytest.raises(Fail, match="extra 'demo'"):
        ocr.ocr(a_context(), ocr.Picture(b""))


def test_the_model_reads_text() -> None:
    pytest.importorskip("rapidocr", reason="the extra 'demo' is not installed")
    pytest.importorskip("onnxruntime", reason="the extra 'demo' is not installed")
    from io import BytesIO  # noqa: PLC0415  # with the libraries below

    from PIL import Image, ImageDraw  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415  # the model's

    picture = Image.new("RGB", (420, 60), "white")
    ImageDraw.Draw(picture).text((10, 10), "HELLO XQUEUE 42", fill="black", font_size=36)
    data = BytesIO()
    picture.save(data, "PNG")

    [line] = ocr.ocr(a_context(), ocr.Picture(data.getvalue())).lines

    assert (line.text, line.score > 0.8) == ("HELLO XQUEUE 42", True)
