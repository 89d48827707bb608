"""Which artifacts go, and which are looked at again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from xqueue_common.artifacts import layout
from xqueue_common.artifacts.artifact import Artifact, Record, is_artifact_id, new_id
from xqueue_common.artifacts.draft import HOUR_MS
from xqueue_common.artifacts.layout import Due, Mark
from xqueue_common.artifacts.objects import Objects
from xqueue_common.artifacts.sweep import DAY_MS, UNHEARD_MS, Gone, Look, TaskFate, fate
from xqueue_common.errors import ConfigError

NOW = 1_700_000_000_000


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def entry(mark: Mark = Mark.NEW) -> Due:
    return Due("due/x", "art_x", mark)


def record(*, created_ms: int = NOW, expires_ms: int | None = None) -> Record:
    expires = None if expires_ms is None else moment(expires_ms)
    artifact = Artifact(
        id="art_x",
        tenant="t",
        content_type="a/b",
        size=1,
        created_at=moment(created_ms),
        expires_at=expires,
    )
    return Record(artifact=artifact, task_id=None if expires_ms else "task")


CASES: list[tuple[str, Due, Record | None, TaskFate | None, Any]] = [
    ("still being written", entry(), None, None, Look(NOW + DAY_MS, Mark.LATE)),
    ("never finished", entry(Mark.LATE), None, None, Gone()),
    ("an upload whose time is over", entry(), record(expires_ms=NOW), None, Gone()),
    ("an upload that took long", entry(), record(expires_ms=NOW + 5), None, Look(NOW + 5, Mark.NEW)),
    ("its task is open", entry(), record(), TaskFate(NOW + DAY_MS, leaves=False), Look(NOW + DAY_MS, Mark.NEW)),
    (
        "its task has ended",
        entry(),
        record(),
        TaskFate(NOW + DAY_MS, leaves=True),
        Look(NOW + DAY_MS, Mark.LEAVING),
    ),
    (
        "its task should have left",
        entry(),
        record(),
        TaskFate(NOW - 5, leaves=True),
        Look(NOW + HOUR_MS, Mark.LEAVING),
    ),
    ("its task has left", entry(Mark.LEAVING), record(), None, Gone()),
    ("the history lags", entry(), record(), None, Look(NOW + DAY_MS, Mark.NEW)),
    ("the history never heard of it", entry(), record(created_ms=NOW - UNHEARD_MS), None, Gone()),
]


@pytest.mark.parametrize(("_why", "due", "known", "task", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_fate_of_an_artifact(
    _why: str, due: Due, known: Record | None, task: TaskFate | None, expected: Any
) -> None:
    assert fate(due, known, task, NOW) == expected


@pytest.mark.parametrize("mark", Mark)
def test_an_entry_says_what_was_put_into_it(mark: Mark) -> None:
    artifact_id = new_id()
    path = layout.due(NOW, artifact_id, mark)

    assert layout.read_due(path) == Due(path, artifact_id, mark)


def test_what_is_no_entry_is_passed_over() -> None:
    assert layout.read_due("due/2023-11-14T22/art_x.bak") is None


def test_an_hour_is_due_when_it_has_ended() -> None:
    folder = layout.due(NOW, "x").rpartition("/")[0]

    assert not layout.is_due(folder, NOW)
    assert layout.is_due(folder, NOW + HOUR_MS)


def test_ids_are_never_the_same() -> None:
    ids = {new_id() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert all(map(is_artifact_id, ids))


@pytest.mark.parametrize("url", ["/folder", "file://host/folder", "file://", "s3://", "http://x/y", "relative"])
def test_another_address_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(ConfigError, match="XQ_ARTIFACTS_URL"):
        Objects(url)
