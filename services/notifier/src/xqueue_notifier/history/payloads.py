"""What a payload says, as far as it can be searched; nothing here does I/O."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from xqueue_common.codec import Reader
from xqueue_common.errors import Undecodable
from xqueue_common.names import Ms, TaskId

_LONGEST = 256
_DEEPEST = 8
_LOOKED_AT = 1_000
"""Parts of one payload; it may have a hundred thousand."""
_WHOLE = 1 << 53
"""Below it every whole number is a float of its own."""


class SubmittedSpec(Struct, frozen=True):
    """Of a ``TaskSpec``, what is needed here."""

    task_id: TaskId
    created_ms: Ms


class Submitted(Struct, frozen=True, tag_field="kind", tag="submit"):
    """Of a ``Submit``, what is needed here."""

    spec: SubmittedSpec
    payload: Raw


_read = Reader[Submitted](Submitted)


def read_submitted(value: bytes | None) -> Submitted | None:
    """Return a command if it is a submission; what cannot be read is the scheduler's to bury."""
    try:
        return _read(value)
    except Undecodable:
        return None


def field_rows(submissions: Iterable[Submitted], most: int) -> list[dict[str, Any]]:
    """Return the rows for these submissions; of several of the same task the first counts, as in the fold."""
    first: dict[str, Submitted] = {}
    for submitted in submissions:
        first.setdefault(submitted.spec.task_id, submitted)
    return [
        {"task_id": task_id, "path": path, "value": value, "at_ms": submitted.spec.created_ms}
        for task_id, submitted in sorted(first.items())
        for path, value in fields_of(submitted.payload, most)
    ]


def fields_of(payload: Raw | bytes, most: int) -> list[tuple[str, str]]:
    """Return up to ``most`` different pairs of path and text, the ones least deep in the payload first.

    Left out is what has more than 256 characters, or lies deeper than 8 names; and null.
    """
    try:
        whole = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return []
    found: dict[tuple[str, str], None] = {}
    for pair in _pairs(whole):
        found[pair] = None
        if len(found) >= most:
            break
    return list(found)


def _pairs(whole: Any) -> Iterator[tuple[str, str]]:
    parts: deque[tuple[str, int, Any]] = deque([("", 0, whole)])
    for _ in range(_LOOKED_AT):
        if not parts:
            return
        path, depth, part = parts.popleft()
        if isinstance(part, dict | list):
            parts.extend(_inside(path, depth, part))
        elif path and (text := _text(part)) is not None and "\0" not in path:
            yield path, text


def _inside(path: str, depth: int, part: dict[str, Any] | list[Any]) -> Iterator[tuple[str, int, Any]]:
    if isinstance(part, list):
        yield from ((path, depth, one) for one in part[:_LOOKED_AT])
    elif depth < _DEEPEST:
        named = ((f"{path}.{name}" if path else name, value) for name, value in part.items())
        yield from ((name, depth + 1, value) for name, value in named if len(name) <= _LONGEST)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        value = int(value)  # 1.0 and 1 are one number in JSON
    text = str(value)
    return text if len(text) <= _LONGEST and "\0" not in text else None
