"""Which part of a file a request asks for (RFC 9110 §14): pure."""

import re
from typing import NamedTuple

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


class Part(NamedTuple):
    """Bytes of a file from ``start`` to before ``end``."""

    start: int
    end: int


class Unsatisfiable(NamedTuple):
    """There is nothing of what was asked for."""


def part_of(size: int, asked: str | None) -> Part | Unsatisfiable | None:
    """Return what a Range header asks for of a file of this size, in bytes.

    None: all of it, also where several parts are asked for or nobody can tell what: as the RFC permits.
    """
    match = _RANGE.match(asked) if asked else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return Part(max(0, size - int(last)), size) if int(last) and size else Unsatisfiable()
    start = int(first)
    if last and int(last) < start:
        return None
    return Part(start, min(size, int(last) + 1) if last else size) if start < size else Unsatisfiable()
