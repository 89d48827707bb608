"""Files go through a real gateway and come back, by the SDK and by the command."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from integration.client.cable import Cable, cable_to
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from support.eventually import eventually

from xqueue_client import AsyncClient, NotFound
from xqueue_client.command.__main__ import main


@pytest.fixture(scope="module")
async def keeping_door(cell: PlayedCell, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("artifacts")
    async with gateway(cell, artifacts_url=folder.as_uri()) as door:
        yield door


@pytest.fixture
async def keeping_cable(keeping_door: Door) -> AsyncIterator[Cable]:
    async with cable_to(keeping_door.url) as cable:
        yield cable


@pytest.fixture
async def client(keeping_cable: Cable, namespace: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(keeping_cable.url, tenant=namespace) as client:
        yield client


async def test_a_file_comes_back_as_it_went(client: AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(data := os.urandom(5_000_000))

    artifact = await client.artifacts.upload(tmp_path / "a.bin")
    await client.artifacts.download(artifact.id, tmp_path / "b.bin")

    assert (artifact.size, artifact.name, artifact.tenant) == (
        len(data),
        "a.bin",
        client._door.access.headers["X-XQ-Tenant"],
    )
    assert (tmp_path / "b.bin").read_bytes() == data
    await client.artifacts.delete(artifact.id)
    with pytest.raises(NotFound):
        await client.artifacts.download(artifact.id)


async def test_a_cut_download_goes_on(client: AsyncClient, keeping_cable: Cable, tmp_path: Path) -> None:
    data = os.urandom(40_000_000)
    artifact = await client.artifacts.upload(data)
    part = tmp_path / "out.part"

    getting = asyncio.create_task(client.artifacts.download(artifact.id, tmp_path / "out"))
    await eventually(lambda: getting.done() or (part.exists() and part.stat().st_size))
    keeping_cable.cut()
    await getting

    assert (tmp_path / "out").read_bytes() == data


async def test_the_command_puts_gets_and_deletes(
    keeping_door: Door, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(*words: str) -> int:
        at = ("--url", keeping_door.url, "--tenant", namespace)
        return await asyncio.to_thread(main, ["artifacts", *words, *at])

    (tmp_path / "a.txt").write_text("hello")

    assert await command("put", str(tmp_path / "a.txt")) == 0
    artifact_id = capsys.readouterr().out.strip()
    assert await command("get", artifact_id, "--out", str(tmp_path / "b.txt")) == 0
    assert (tmp_path / "b.txt").read_text() == "hello"
    assert await command("delete", artifact_id) == 0
    assert await command("get", artifact_id, "--out", str(tmp_path / "c.txt")) == 4
    assert await command("put", str(tmp_path / "nothing")) == 2
