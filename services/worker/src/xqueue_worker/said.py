"""What a running handler says of itself."""

from typing import Literal

from msgspec import Struct

from xqueue_common.events import Progress

Level = Literal["debug", "info", "warning", "error"]


class LogLine(Struct, frozen=True):
    """A line that a handler logged; ``at_ms`` is wall time."""

    level: Level
    message: str
    at_ms: int


Said = Progress | LogLine
