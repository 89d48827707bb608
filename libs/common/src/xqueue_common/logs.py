"""Structured logs: one JSON object a line on standard error, or coloured text for people."""

import logging
import sys

import msgspec
import structlog
from structlog.typing import EventDict, Processor

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LIBRARY_LEVEL = logging.WARNING
"""Libraries speak only when something is wrong, whatever our own level."""


def configure(*, service: str, level: str, style: str) -> None:
    """Set up logging for this process; logs of libraries take the same way."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name(service),
        structlog.processors.format_exc_info,
    ]
    render: Processor = structlog.dev.ConsoleRenderer() if style == "console" else _json
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=_LIBRARY_LEVEL, force=True)


def _name(service: str) -> Processor:
    def add(_logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _json(_logger: object, _method: str, event: EventDict) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
