"""Connecting to the history."""

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from xqueue_common.errors import ConfigError

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_SQLITE_SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "temp_store=MEMORY")


def connect(url: str) -> AsyncEngine:
    """Return an engine for ``sqlite:///path`` or ``postgresql://user:password@host/database``.

    Raises:
        ConfigError: the address is of another kind.
    """
    parsed = make_url(url)
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        msg = f"XQ_HISTORY_URL: {parsed.get_backend_name()} is not supported, give sqlite:///… or postgresql://…"
        raise ConfigError(msg)
    engine = create_async_engine(parsed.set(drivername=driver), pool_pre_ping=True)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: object, _record: object) -> None:
    # WAL lets the gateway read while the notifier writes.
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
    for setting in _SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
