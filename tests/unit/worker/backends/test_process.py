"""What the worker's process makes of the pools in its environment."""

from pathlib import Path

import pytest

from xqueue_common.service import EXIT_CONFIG
from xqueue_worker.__main__ import main
from xqueue_worker.handlers import load, needing


def test_handlers_are_ready_where_their_pools_are() -> None:
    assert needing(["mine"]) == []
    assert {"image.generate", "speech.transcribe"} <= load(needing(["speech", "mine", "image"])).keys()


def test_addresses_that_make_no_sense_end_the_worker_with_the_status_for_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WHISPER_URL_1", "gpu-0")

    assert main([]) == EXIT_CONFIG
    assert capsys.readouterr().err == "worker: WHISPER_URL_1: does not begin with http:// or https://\n"


def test_a_file_that_makes_no_sense_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "pools.toml"
    file.write_text('[[pools]]\nname = "image"\nurls = ["http://a"]\npolicy = "best"')
    monkeypatch.setenv("XQ_BACKENDS", str(file))

    assert main([]) == EXIT_CONFIG
    assert f"worker: XQ_BACKENDS: {file}: Invalid enum value 'best' - at pools[0].policy" in capsys.readouterr().err
