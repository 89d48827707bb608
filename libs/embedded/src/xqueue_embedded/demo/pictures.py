"""Pictures with text on them, drawn on the spot, so that what is read can be checked."""

import importlib
from functools import cache
from importlib.resources import files
from io import BytesIO
from random import Random
from typing import Any

_SIZE = (320, 240)
"""About square: the model scales the shorter side up to 736, so a strip would cost five times as much."""
_LETTERS = 28
_LEFT, _TOP, _LINE = 16, 56, 84


def text(chance: Random) -> list[str]:
    """Return two lines of two words."""
    words = chance.sample(_words(), 4)
    return [f"{first} {second}" for first, second in zip(words[::2], words[1::2], strict=True)]


def picture(lines: list[str]) -> bytes:
    """Return a PNG with these lines on it."""
    image, pen = _blank()
    for number, line in enumerate(lines):
        pen.text((_LEFT, _TOP + number * _LINE), line, font=_font(), fill="black")
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


@cache
def _words() -> list[str]:
    return files("xqueue_embedded.demo").joinpath("words.txt").read_text().split()


def _blank() -> tuple[Any, Any]:
    image = _pillow("Image").new("L", _SIZE, "white")
    return image, _pillow("ImageDraw").Draw(image)


@cache
def _font() -> Any:
    return _pillow("ImageFont").load_default(size=_LETTERS)


def _pillow(module: str) -> Any:
    """Import on use: only the group `demo` brings Pillow."""
    return importlib.import_module(f"PIL.{module}")
