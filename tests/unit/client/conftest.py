"""The command against a played gateway, which all tests of a module share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.client.played_gateway import PlayedGateway, Run, played_gateway

from xqueue_client.command.__main__ import main


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XQ_URL", "XQ_STATE_DIR", "XQ_TENANT", "XQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[PlayedGateway]:
    with played_gateway() as played:
        yield played


@pytest.fixture
def gateway(shared_gateway: PlayedGateway) -> PlayedGateway:
    shared_gateway.asked.clear()
    shared_gateway.answers.clear()
    return shared_gateway


@pytest.fixture
def xqueue(
    nothing_set: None, gateway: PlayedGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    assert nothing_set is None
    monkeypatch.setenv("XQ_URL", gateway.url)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        return (status, *capsys.readouterr())

    return run
