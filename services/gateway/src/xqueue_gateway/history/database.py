"""Asking the database: bounded in time, and calm when the notifier has not made its tables yet."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select

from xqueue_common.errors import Unavailable
from xqueue_common.history.engine import connect
from xqueue_common.history.faults import translated
from xqueue_common.history.tables import check_tables

_ANSWER_S = 10.0
_UNDEFINED_TABLE = "42P01"
"""PostgreSQL's code; its words are in the language of the server."""

Rows = Sequence[Row[Any]]


class Database:
    """A connection pool to the history, for reading."""

    def __init__(self, url: str) -> None:
        self._engine = connect(url)

    async def ask(self, *selects: Select[Any]) -> list[Rows]:
        """Return the rows of each query; none where the tables are missing.

        Raises:
            Unavailable: the database does not answer.
        """
        try:
            with translated():
                async with asyncio.timeout(_ANSWER_S), self._engine.connect() as connection:
                    return [(await connection.execute(select)).all() for select in selects]
        except Unavailable as error:
            if _lacks_table(error):
                return [() for _ in selects]
            raise

    async def check(self) -> None:
        """Return if the database answers, and its tables are those of this release, or not made yet.

        Raises:
            Unavailable: it does not, or they are not.
        """
        with translated():
            async with asyncio.timeout(_ANSWER_S):
                await check_tables(self._engine)

    async def close(self) -> None:
        """Disconnect."""
        await self._engine.dispose()


def _lacks_table(error: Unavailable) -> bool:
    driver_error = getattr(error.__cause__, "orig", None)
    return getattr(driver_error, "sqlstate", None) == _UNDEFINED_TABLE or "no such table" in str(driver_error)
