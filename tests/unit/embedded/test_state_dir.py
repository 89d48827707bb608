import os
from pathlib import Path

import pytest

from xqueue_embedded.errors import StateDirInUse, StateDirUnusable
from xqueue_embedded.supervise.state_dir import StateDir


def test_a_second_holder_is_refused_and_told_the_first_ones_pid(tmp_path: Path) -> None:
    first, second = StateDir(tmp_path), StateDir(tmp_path)
    first.take()

    with pytest.raises(StateDirInUse, match=f"in use by the process {os.getpid()}"):
        second.take()
    first.give_back()


def test_what_is_given_back_can_be_taken(tmp_path: Path) -> None:
    for _ in range(2):
        state = StateDir(tmp_path)
        state.take()
        state.give_back()
        state.give_back()


def test_the_history_lies_in_it_under_an_absolute_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert StateDir(Path("state")).history_url == f"sqlite:///{tmp_path}/state/history.db"


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateDirUnusable, match=r"file/state cannot be used: .* --state-dir"):
        StateDir(tmp_path / "file" / "state").take()


def test_what_a_killed_system_said_of_itself_is_gone_when_the_next_one_begins(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    state.endpoints.write_text("{}")

    state.take()

    assert not state.endpoints.exists()
    state.give_back()
