"""What JSON text must be beyond its grammar to be carried on: valid UTF-8 and not nested without end."""

import re
from itertools import accumulate

from xqueue_gateway.problems import bad_json

MAX_NESTING = 200
"""Levels of a payload: every reader behind us has this much stack, whatever called it."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
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


def nested_too_deeply(raw: bytes) -> bool:
    """Whether this valid JSON text has more than ``MAX_NESTING`` levels."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_NESTING:
        return False
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0) > MAX_NESTING
