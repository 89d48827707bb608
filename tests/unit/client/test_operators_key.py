"""The operator's key of an installation on this machine: which commands ask with it, and whom."""

from pathlib import Path

import msgspec
import pytest
from unit.client.played_gateway import PlayedGateway, Run

from xqueue_client.command.__main__ import main
from xqueue_client.command.exits import Exit

OPERATORS = "xq_operator"


@pytest.fixture
def installation(gateway: PlayedGateway, tmp_path: Path) -> Path:
    """An installation in the usual place of this folder, with an operator's key."""
    state = tmp_path / ".xqueue"
    state.mkdir()
    (state / "endpoints.json").write_bytes(msgspec.json.encode({"gateway": {"url": gateway.url, "pid": 1}}))
    (state / "operator.key").write_text(f"{OPERATORS}\n")
    return state


def test_the_operators_key_serves_those_commands_that_are_the_operators(
    gateway: PlayedGateway, xqueue: Run, installation: Path
) -> None:
    assert installation
    gateway.answers = {"GET /keys": (200, {"items": []}), "GET /audit": (200, {"items": []})}
    gateway.answers["GET /instances"] = (200, {"items": []})

    asked = []
    for command in (["keys", "list"], ["audit"], ["instances"]):
        assert xqueue(*command)[0] == Exit.OK
        asked.append(gateway.bearer)

    assert asked == [f"Bearer {OPERATORS}", f"Bearer {OPERATORS}", None]


def test_a_key_of_ones_own_goes_before_it(
    gateway: PlayedGateway, xqueue: Run, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installation
    gateway.answers["GET /keys"] = (200, {"items": []})
    monkeypatch.setenv("XQ_API_KEY", "xq_mine")

    xqueue("keys", "list")

    assert gateway.bearer == "Bearer xq_mine"


@pytest.mark.usefixtures("nothing_set")
def test_an_installation_is_found_by_its_state_directory_and_by_its_other_names(
    gateway: PlayedGateway, installation: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gateway.answers["GET /keys"] = (200, {"items": []})
    moved = installation.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("XQ_STATE_DIR", str(moved))

    for flags in ([], ["--url", gateway.url.replace("127.0.0.1", "localhost") + "/"]):
        assert main(["keys", "list", *flags]) == Exit.OK
        assert gateway.bearer == f"Bearer {OPERATORS}"


@pytest.mark.parametrize("ours", ["http://127.0.0.1:1", "http://xqueue.test", "http://[", "nothing", "{"])
def test_the_operators_key_goes_to_no_other_gateway(
    gateway: PlayedGateway, xqueue: Run, installation: Path, ours: str
) -> None:
    document = b"{" if ours == "{" else msgspec.json.encode({"gateway": {"url": ours}})
    (installation / "endpoints.json").write_bytes(document)
    gateway.answers["GET /keys"] = (200, {"items": []})

    assert xqueue("keys", "list")[0] == Exit.OK
    assert gateway.bearer is None


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_file_without_a_key_is_named(xqueue: Run, installation: Path, content: bytes) -> None:
    (installation / "operator.key").write_bytes(content)

    status, out, problems = xqueue("keys", "list")

    assert (status, out, problems.count("\n")) == (Exit.USAGE, "", 1)
    assert "operator.key: there is no API key in it" in problems


def test_a_key_that_cannot_be_read_is_named(xqueue: Run, installation: Path) -> None:
    (installation / "operator.key").unlink()
    (installation / "operator.key").mkdir()

    status, _, problems = xqueue("keys", "list")

    assert status == Exit.USAGE
    assert "operator.key: Is a directory: ask as the user that it belongs to, or set XQ_API_KEY" in problems


def test_before_there_is_a_key_one_just_asks(gateway: PlayedGateway, xqueue: Run, installation: Path) -> None:
    (installation / "operator.key").unlink()
    gateway.answers["GET /keys"] = (200, {"items": []})

    assert xqueue("keys", "list")[0] == Exit.OK
    assert gateway.bearer is None
