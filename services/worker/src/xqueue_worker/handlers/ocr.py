"""A real model: text in pictures, read on the CPU. Its libraries are large, so they are loaded on first use."""

import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from xqueue_worker.context import Context
from xqueue_worker.errors import Fail
from xqueue_worker.handler import task

_REMEDY = "this worker lacks the model: install the extra 'demo' (`uv sync --group demo`) and start it again"

# Guards the engine below, which is made once and reads one picture at a time: it uses all cores as it is.
_one_at_a_time = threading.Lock()
_engine: Callable[[bytes], Any] | None = None


class Picture(Struct):
    """A PNG or JPEG; base64 in JSON."""

    image: bytes


class Line(Struct):
    """A line of text and how sure the model is of it, 0 to 1."""

    text: str
    score: float


class Text(Struct):
    """The lines of a picture, from top to bottom."""

    lines: list[Line]


@task("ocr")
def ocr(ctx: Context, payload: Picture) -> Text:
    """Read the text in a picture."""
    with _one_at_a_time:
        engine = _load()
        ctx.progress(10, "reading")
        try:
            found = engine(payload.image)
        except Exception as error:
            # The same picture would fail again; what the model cannot open it reports in various ways.
            message = f"the picture cannot be read: {error}"
            raise Fail(message) from error
    texts, scores = found.txts or (), found.scores or ()  # None where there is no text
    return Text([Line(text, round(float(score), 4)) for text, score in zip(texts, scores, strict=True)])


def _load() -> Callable[[bytes], Any]:
    global _engine  # noqa: PLW0603  # the one place that makes it
    if _engine is None:
        try:
            from rapidocr import RapidOCR  # noqa: PLC0415  # takes seconds: only where it is used
        except ImportError as error:
            raise Fail(_REMEDY) from error
        _engine = RapidOCR(params={"Global.log_level": "warning"})
    return _engine
