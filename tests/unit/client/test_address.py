"""Where the gateway is."""

from pathlib import Path

import pytest

from xqueue_client import BadAddress, Client
from xqueue_client.address import DEFAULT_URL, checked, find_url, is_here

WRITTEN = '{"gateway": {"url": "http://127.0.0.1:4711", "pid": 1}, "more": []}'


def state_dir(folder: Path, text: str = WRITTEN) -> Path:
    folder.mkdir()
    (folder / "endpoints.json").write_text(text)
    return folder


def test_the_environment_comes_first(tmp_path: Path) -> None:
    state_dir(tmp_path / ".xqueue")

    assert find_url({"XQ_URL": "http://elsewhere"}, tmp_path) == "http://elsewhere"


def test_then_what_runs_here(tmp_path: Path) -> None:
    state_dir(tmp_path / ".xqueue")

    assert find_url({}, tmp_path) == "http://127.0.0.1:4711"


def test_its_state_may_be_anywhere(tmp_path: Path) -> None:
    folder = state_dir(tmp_path / "state")

    assert find_url({"XQ_STATE_DIR": str(folder)}, tmp_path / "nowhere") == "http://127.0.0.1:4711"


@pytest.mark.parametrize("text", ["", "{}", '{"gateway": 1}'])
def test_else_the_usual_address(tmp_path: Path, text: str) -> None:
    state_dir(tmp_path / ".xqueue", text)

    assert find_url({}, tmp_path) == DEFAULT_URL
    assert find_url({}, tmp_path / "nowhere") == DEFAULT_URL


@pytest.mark.parametrize(
    "url", ["", "gateway", "ftp://gateway", "http://", "http://a:b", "http://a:0", "http://[::1"]
)
def test_what_is_no_address_is_said_so(url: str) -> None:
    with pytest.raises(BadAddress, match="no address of a gateway"):
        checked(url)


def test_a_last_slash_is_dropped() -> None:
    with Client("http://gateway/below/") as client:
        assert client.url == "http://gateway/below"


@pytest.mark.parametrize(
    ("url", "here"), [("http://127.0.0.2:1", True), ("http://localhost", True), ("http://gateway", False)]
)
def test_what_is_on_this_machine_needs_no_proxy(url: str, here: bool) -> None:  # noqa: FBT001  # a table's column
    assert is_here(url) is here
