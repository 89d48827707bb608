"""Where the parts of an artifact stand in its store.

| path | holds | lives |
|---|---|---|
| ``data/xx/{id}`` | the bytes | until the artifact is swept |
| ``record/xx/{id}.json`` | a ``Record``: without it the artifact does not exist | likewise |
| ``kept/xx/{task}/{name}/{attempt}`` | id of the last artifact of that name that the attempt wrote | likewise |
| ``due/{hour}/{id}{mark}`` | nothing: the sweep looks at this artifact in that hour | until then |

``xx`` are two characters of the id, so that no folder grows too large. The due entry is written before the first
byte, so whatever a crash leaves behind is found again. In a local folder a write under way stands beside its path,
with ``#`` and a number; a bucket keeps parts of a broken upload invisibly, until its own lifecycle rule ends them.
"""

import hashlib
from enum import Enum
from typing import NamedTuple

from xqueue_common.moments import moment

_HOUR = "%Y-%m-%dT%H"
DUE = "due"


class Mark(Enum):
    """What the sweep has learnt of an artifact when it looked at it before."""

    NEW = ""
    LATE = ".late"
    """It had no record: its writing had not ended, or was broken off."""
    LEAVING = ".leaving"
    """Its task had ended, and was to be forgotten by the time of this look."""


class Due(NamedTuple):
    """An entry that says when to look at an artifact."""

    path: str
    artifact_id: str
    mark: Mark


def data(artifact_id: str) -> str:
    """Return the path of the bytes."""
    return f"data/{artifact_id[4:6]}/{artifact_id}"


def record(artifact_id: str) -> str:
    """Return the path of the record."""
    return f"record/{artifact_id[4:6]}/{artifact_id}.json"


def kept(task_id: str, name: str) -> str:
    """Return the folder in which each attempt of a task notes its last artifact of this name."""
    digest = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
    return f"kept/{task_id[-2:]}/{task_id}/{digest}"


def kept_by(task_id: str, name: str, attempt: int) -> str:
    """Return where one attempt notes it; the paths sort as the attempts do."""
    return f"{kept(task_id, name)}/{attempt:08d}"


def due(at_ms: int, artifact_id: str, mark: Mark = Mark.NEW) -> str:
    """Return the entry for a look at an artifact at a time, or up to an hour later."""
    return f"{DUE}/{_hour(at_ms)}/{artifact_id}{mark.value}"


def is_due(folder: str, now_ms: int) -> bool:
    """Whether the hour of such a folder has ended."""
    return folder < f"{DUE}/{_hour(now_ms)}"


def read_due(path: str) -> Due | None:
    """Return what an entry says; None if it is none of ours."""
    artifact_id, dot, mark = path.rpartition("/")[2].partition(".")
    try:
        return Due(path, artifact_id, Mark(dot + mark))
    except ValueError:
        return None


def _hour(at_ms: int) -> str:
    return moment(at_ms).strftime(_HOUR)
