from pathlib import Path

import asyncpg  # type: ignore[import-untyped, unused-ignore]  # published without type information
from support.brokers import running

from xqueue_embedded import Postgres


async def test_it_keeps_rows(postgres: Postgres, namespace: str) -> None:
    connection = await asyncpg.connect(postgres.url)
    try:
        await connection.execute(f"create table {namespace} (name text)")
        await connection.execute(f"insert into {namespace} values ($1)", "Ünï")  # noqa: S608  # our own name

        assert await connection.fetchval(f"select name from {namespace}") == "Ünï"  # noqa: S608  # our own name
    finally:
        await connection.close()


async def test_a_crash_costs_no_committed_row(open_folder: Path) -> None:
    async with running(Postgres(state_dir=open_folder / "private")) as server:
        url = server.url
        connection = await asyncpg.connect(url)
        await connection.execute("create table kept as select 1 as one")

        server.kill()
        await server.wait()
        connection.terminate()
        await server.start()

        assert server.url == url
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("select one from kept") == 1
        await connection.close()
