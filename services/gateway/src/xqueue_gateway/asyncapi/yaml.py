"""Writing YAML: as much of it as documents made of JSON need, in one form only."""

import re
from collections.abc import Iterator
from typing import Any

from xqueue_common.codec import encode

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*\Z")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""What readers of YAML take for something else than text."""


def yaml_of(value: Any) -> str:
    """Return a mapping of JSON values as YAML."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _entry(f"{_text(key)}:", inner, "  ")
    else:
        for inner in value:
            yield from _entry("-", inner, "  ")


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        lines = (indent + line for line in _lines(value))
        if head == "-":
            head = f"- {next(lines).strip()}"
        yield head
        yield from lines
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    # JSON is YAML: what is not plain is written as JSON writes it.
    return _text(value) if isinstance(value, str) else encode(value).decode()


def _text(text: str) -> str:
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else encode(text).decode()
