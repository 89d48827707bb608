"""Databases for histories: one of its own for each test, of both kinds."""

from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # published without types
import pytest

from xqueue_embedded import Postgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A history of this test alone, in a file."""
    return f"sqlite:///{tmp_path}/history.db"


@pytest.fixture
async def postgres_url(postgres: Postgres, namespace: str) -> str:
    """A history of this test alone, in the shared PostgreSQL."""
    connection = await asyncpg.connect(postgres.url)
    try:
        await connection.execute(f"create database {namespace}")
    finally:
        await connection.close()
    # Without a word about TLS asyncpg asks for it first; when the server dies meanwhile, it leaves an error behind.
    return f"{postgres.url.removesuffix('postgres')}{namespace}?ssl=disable"


@pytest.fixture(params=["sqlite", "postgres"])
def history_url(request: pytest.FixtureRequest) -> str:
    """A history of this test alone, once in each kind of database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
