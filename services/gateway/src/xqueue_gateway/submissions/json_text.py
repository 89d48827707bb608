"""What JSON text must be beyond its grammar to be carried on: valid UTF-8 and not nested without end."""

import re
from itertools import accumulate

from msgspec import Raw

from xqueue_gateway.problems import Problem, bad_json

MAX_NESTING = 200
"""Levels of a payload: every reader behind us has this much stack, whatever called it."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_HIGH, _LOW = re.compile(r"\\u[dD][89abAB]"), re.compile(r"\\u[dD][c-fC-F]")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEPS)


def text_of(body: bytes) -> str:
    """Return a body as text.

    Raises:
        Problem: 400, it is no valid UTF-8.
    """
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        reason = f"no valid UTF-8 at byte {error.start}"
        raise bad_json(reason) from error


def broken(text: str | Raw, error: Exception) -> Problem:
    """Return the problem of a text that is no JSON, given what the decoder says."""
    said = text if isinstance(text, str) else bytes(text).decode()
    # Of half a surrogate pair the decoder says that the text was truncated.
    half = _half_a_pair(said)
    return bad_json(str(error) if half is None else f"{half} is half a surrogate pair: it stands for no character")


def _half_a_pair(text: str) -> str | None:
    before = None
    for escape in _ESCAPE.finditer(text):
        pairs = before is not None and before.end() == escape.start()
        if _LOW.match(escape[0]) and pairs:
            before = None
        elif before is not None or _LOW.match(escape[0]):
            return (before or escape)[0]
        elif _HIGH.match(escape[0]):
            before = escape
    return None if before is None else before[0]


def nested_too_deeply(raw: bytes) -> bool:
    """Whether this valid JSON text has more than ``MAX_NESTING`` levels."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_NESTING:
        return False
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_NESTING
