r"""Text in pictures: a model that is loaded once and stays warm in a process of its own.

Copy this file. It needs the libraries of the group `demo` (rapidocr and onnxruntime, 350 MB on disk, on the CPU):

    uv sync --group demo
    uv run just up --handlers examples.ocr

In another terminal; a picture is a PNG or JPEG, up to about 190 KB so that it fits into a payload as base64:

    uv run python examples/ocr.py picture.png
    curl -s localhost:8080/api/v1/tasks -H 'Content-Type: application/json' \
      -d "{\"type\": \"scan.read\", \"payload\": {\"image\": \"$(base64 -w0 picture.png)\"}}"

The type `ocr` does the same and is there without this file, in a thread; a process can be killed when it hangs.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from xqueue_worker import Context, Fail, task


class Scan(Struct):
    """A picture; msgspec reads base64 as bytes. Lines that the model is less sure of are left out."""

    image: bytes
    least_score: float = 0.5


def load_model() -> Callable[[bytes], Any]:
    """Load the model: seconds, once in each process. What it returns is `ctx.state` of all attempts in it."""
    from rapidocr import RapidOCR  # noqa: PLC0415  # only in the child process: the worker itself stays small

    return RapidOCR(params={"Global.log_level": "warning"})


@task("scan.read", isolation="process", setup=load_model, process_timeout=60)
def read(ctx: Context, scan: Scan) -> dict[str, list[str]]:
    """Read the lines of a picture from top to bottom."""
    ctx.progress(10, "reading")
    try:
        found = ctx.state(scan.image)
    except Exception as error:
        message = f"the picture cannot be read: {error}"
        raise Fail(message) from error  # the same picture would fail again
    lines = []
    for text, score in zip(found.txts or (), found.scores or (), strict=True):  # None where there is no text
        if score >= scan.least_score:
            lines.append(text)
            ctx.emit({"text": text, "score": round(float(score), 3)})
    return {"lines": lines}


def main() -> None:
    """Have pictures read, all at once; print their lines."""
    from xqueue_client import Client, Submission  # noqa: PLC0415  # a worker that loads this file needs no client

    pictures = [Path(name) for name in sys.argv[1:]]
    with Client() as client:  # XQ_URL, or the system whose state is in ./.xqueue
        scans = [Submission(type="scan.read", payload=Scan(picture.read_bytes())) for picture in pictures]
        for picture, task_id in zip(pictures, client.submit_many(scans).task_ids, strict=True):
            print(f"{picture.name}:", *client.get(task_id).result(timeout=120)["lines"], sep="\n  ")


if __name__ == "__main__":
    main()
