"""What a running handler says of itself."""

from typing import Literal, get_args

from msgspec import Struct

from xqueue_common.events import Progress

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)


class LogLine(Struct, frozen=True):
    """A line that a handler logged; ``at_ms`` is wall time."""

    level: Level
    message: str
    at_ms: int


class Chunk(Struct, frozen=True):
    """A part of its result that a handler emitted, as JSON; ``at_ms`` is wall time, ``index`` counts from 0."""

    index: int
    data: bytes
    at_ms: int


Said = Progress | LogLine | Chunk
