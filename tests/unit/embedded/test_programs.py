"""Programs of the system are found, or installed where we may, or asked for with the one command to run."""

import os
from pathlib import Path

import pytest

from xqueue_embedded.brokers.redis import Redis
from xqueue_embedded.errors import CommandFailed, ProgramMissing
from xqueue_embedded.fetch.programs import Program, require

BROKER = Program(names=("brokerd", "other-brokerd"), debian="broker-server", elsewhere="broker")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, beside that of the shell."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "chmod", "touch"):
        (folder / tool).symlink_to(Path("/bin") / tool)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


async def test_the_first_name_on_the_path_is_taken(path: Path) -> None:
    script(path / "other-brokerd", "")
    script(path / "brokerd", "")

    assert (await require(BROKER))[0] == path / "brokerd"


@pytest.mark.usefixtures("path")
async def test_folders_that_users_have_not_on_their_path_are_searched(tmp_path: Path) -> None:
    script(tmp_path / "v15" / "sbin" / "brokerd", "")
    program = Program(names=("brokerd",), debian="broker", elsewhere="broker", beside_path=(f"{tmp_path}/*/sbin",))

    assert await require(program) == [tmp_path / "v15" / "sbin" / "brokerd"]


@pytest.mark.usefixtures("somebody")
async def test_who_may_not_install_is_told_the_one_command(path: Path) -> None:
    script(path / "apt-get", "exit 1")

    with pytest.raises(ProgramMissing, match="sudo apt-get install -y broker-server"):
        await require(BROKER)


@pytest.mark.usefixtures("root", "path")
async def test_without_apt_get_the_machines_own_way_is_named() -> None:
    with pytest.raises(ProgramMissing, match="brew install broker"):
        await require(BROKER)


@pytest.mark.usefixtures("root")
async def test_root_gets_it_installed_also_where_the_lists_were_never_read(path: Path) -> None:
    script(
        path / "apt-get",
        """
        case "$*" in
          *update*) touch lists-read ;;
          *install*broker-server) cat lists-read && touch brokerd && chmod +x brokerd ;;
        esac
        """,
    )

    assert await require(BROKER) == [path / "brokerd"]


@pytest.mark.usefixtures("root")
async def test_when_installing_fails_its_last_lines_are_shown(path: Path) -> None:
    script(path / "apt-get", "echo 'E: Unable to locate package broker-server'; exit 100")

    with pytest.raises(CommandFailed, match="Unable to locate package broker-server"):
        await require(BROKER)


async def test_a_redis_that_is_too_old_is_refused(path: Path, tmp_path: Path) -> None:
    script(path / "redis-server", "echo 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64'")

    with pytest.raises(ProgramMissing, match="older than version 7"):
        await Redis(state_dir=tmp_path).fetch()


async def test_a_valkey_is_taken_where_the_redis_is_too_old(path: Path, tmp_path: Path) -> None:
    script(path / "redis-server", "echo 'Redis server v=6.0.16 sha=00000000:0'")
    script(path / "valkey-server", "echo 'Valkey server v=8.1.1 sha=00000000:0'")

    await Redis(state_dir=tmp_path).fetch()


def script(file: Path, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\ncd {file.parent}\n{body}\n")
    file.chmod(0o755)
