"""What handlers and their libraries say by the standard ``logging``: it becomes lines of their task's log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from xqueue_worker.context import Context
from xqueue_worker.said import Level

_speaker: ContextVar[Context | None] = ContextVar("speaker", default=None)
_LEVELS: tuple[tuple[int, Level], ...] = (
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
)


@contextmanager
def speaking(ctx: Context) -> Iterator[None]:
    """Whatever is logged inside the block, by this thread or asyncio task and those it awaits, is this attempt's.

    A thread that a handler starts by itself is nobody's: it does not inherit the block.
    """
    token = _speaker.set(ctx)
    try:
        yield
    finally:
        _speaker.reset(token)


@contextmanager
def catching(everything: Context | None = None) -> Iterator[None]:
    """Catch what is logged from INFO on inside the block; what no attempt says goes to ``everything``, if given.

    Other handlers of the root logger get no more than they do without us.
    """
    root, catcher = logging.getLogger(), _Catcher(everything)
    level, others = root.level, [(other, other.level) for other in root.handlers]
    for other, its in others:
        other.setLevel(max(its, level))
    root.addHandler(catcher)
    root.setLevel(min(level, logging.INFO))
    try:
        yield
    finally:
        root.removeHandler(catcher)
        root.setLevel(level)
        for other, its in others:
            other.setLevel(its)


class _Catcher(logging.Handler):
    """Passes records on to the attempt that says them."""

    def __init__(self, everything: Context | None) -> None:
        super().__init__(logging.INFO)
        self._everything = everything

    def emit(self, record: logging.LogRecord) -> None:
        ctx = _speaker.get() or self._everything
        if ctx is None:
            return
        try:
            ctx.log(self.format(record), _level(record.levelno))
        except Exception:  # noqa: BLE001  # arguments that do not fit the message: logging's own way to say so
            self.handleError(record)


def _level(number: int) -> Level:
    return next((level for least, level in _LEVELS if number >= least), "debug")
