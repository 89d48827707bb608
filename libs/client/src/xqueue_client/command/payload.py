"""Reading a payload from the command line."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from xqueue_client.command.exits import Misused


def read_payload(text: str | None) -> Any:
    """Return the JSON that is meant: a text, `@file`, or `-` for standard input.

    Raises:
        Misused: it cannot be read, or is no JSON.
    """
    if text is None:
        return None
    try:
        content = _content(text)
    except OSError as error:
        message = f"--payload: {error.filename}: {error.strerror}"
        raise Misused(message) from error
    try:
        return msgspec.Raw(_checked(content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"--payload: no valid JSON: {error}; a text needs quotes of its own: '\"text\"'"
        raise Misused(message) from error


def _content(text: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@"):
        return Path(text[1:]).read_bytes()
    return text.encode()


def _checked(content: bytes) -> bytes:
    msgspec.json.decode(content.decode())
    return content.strip()
