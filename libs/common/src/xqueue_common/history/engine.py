"""Connecting to the history."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from xqueue_common.errors import ConfigError

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_SQLITE_SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "temp_store=MEMORY")
_POSTGRES_SETTINGS: dict[str, Any] = {
    "timeout": 10,
    "server_settings": {"application_name": "xqueue"},
}


def connect(url: str, *, statement_s: float = 60.0) -> AsyncEngine:
    """Return an engine for ``sqlite:///path`` or ``postgresql://user:password@host/database``.

    A PostgreSQL that froze would hold its caller for ever: each statement may take ``statement_s``.

    Raises:
        ConfigError: the address is of another kind.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        # The message would repeat the address, which may hold a password.
        msg = "XQ_HISTORY_URL is no address, give sqlite:///… or postgresql://…"
        raise ConfigError(msg) from error
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        msg = f"XQ_HISTORY_URL: {backend} is not supported, give sqlite:///… or postgresql://…"
        raise ConfigError(msg)
    sqlite = backend == "sqlite"
    engine = create_async_engine(
        parsed.set(drivername=_DRIVERS[backend]),
        pool_pre_ping=not sqlite,
        hide_parameters=True,  # an error's text must not carry payloads into the logs
        connect_args={} if sqlite else {**_POSTGRES_SETTINGS, "command_timeout": statement_s},
    )
    if sqlite:
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: object, _record: object) -> None:
    # WAL lets the gateway read while the notifier writes.
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
    for setting in _SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
