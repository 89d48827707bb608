"""What an error of the database means: it is away, or it cannot hold what it was given."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg  # type: ignore[import-untyped]  # published without types
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from xqueue_common.errors import Unavailable, Undecodable

_AWAY = (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""SQLAlchemy wraps what a statement raises; while connecting, the driver's own errors come through."""
_UNFIT = (DataError, IntegrityError, UnicodeEncodeError, OverflowError)
"""The latter two come from the driver of SQLite, as they are."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the database and its drivers into ours.

    Raises:
        Unavailable: it is away, full, locked or without its tables; the same may work later.
        Undecodable: it cannot hold these values and never will: a NUL, a number or text out of bounds.
    """
    try:
        yield
    except (*_AWAY, *_UNFIT) as error:
        if isinstance(error, _UNFIT) or _unfit_for_postgres(error):
            reason = f"the history cannot hold it: {_words(error)}"
            raise Undecodable(reason) from error
        part = "history"
        raise Unavailable(part, _words(error)) from error


def _unfit_for_postgres(error: BaseException) -> bool:
    # SQLAlchemy wraps asyncpg's DataErrors in its most general class.
    return isinstance(error, DBAPIError) and isinstance(getattr(error.orig, "__cause__", None), asyncpg.DataError)


def _words(error: BaseException) -> str:
    # Without the statement, which SQLAlchemy puts behind it.
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return said.partition("\n")[0] or type(error).__name__
