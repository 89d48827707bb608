"""What is done to a store, step by step: generators that ask for operations and are sent their answers.

So the order of the steps, on which it depends what a crash leaves behind, is written once for handlers that await
and for those that do not.
"""

from collections.abc import Generator
from typing import Any, NamedTuple, TypeVar

from xqueue_common.artifacts import layout
from xqueue_common.artifacts.artifact import Record, is_artifact_id, read_record
from xqueue_common.artifacts.draft import Draft
from xqueue_common.codec import encode

T = TypeVar("T")


class Put(NamedTuple):
    """Write a small object, replacing what was there."""

    path: str
    data: bytes


class Get(NamedTuple):
    """Read a small object; answered with its bytes, or None."""

    path: str


class Delete(NamedTuple):
    """Delete an object; one that is not there will do."""

    path: str


class Names(NamedTuple):
    """List the paths in a folder, in any order."""

    folder: str


Operation = Put | Get | Delete | Names
Steps = Generator[Operation, Any, T]


def begin(draft: Draft) -> Steps[None]:
    """Before the first byte: whatever becomes of it will be looked at."""
    yield Put(draft.due, b"")


def break_off(draft: Draft) -> Steps[None]:
    """After a write that did not come to its end; its bytes are gone already."""
    yield Delete(draft.due)


def complete(draft: Draft, size: int, now_ms: int) -> Steps[Record]:
    """After the last byte: make it visible, then the one that its task finds under its name."""
    record = draft.record(size, now_ms)
    artifact = record.artifact
    yield Put(layout.due(draft.look_ms(now_ms), artifact.id), b"")  # the first one may have been swept meanwhile
    yield Put(layout.record(artifact.id), encode(record))
    if record.task_id and artifact.name:
        yield Put(layout.kept_by(record.task_id, artifact.name, record.attempt), artifact.id.encode())
    return record


def find(artifact_id: str, now_ms: int) -> Steps[Record | None]:
    """Return the record of an artifact that is there and has not expired."""
    if not is_artifact_id(artifact_id):
        return None
    record = yield from stored(artifact_id)
    expires = record.artifact.expires_at if record else None
    return None if expires and expires.timestamp() * 1000 <= now_ms else record


def stored(artifact_id: str) -> Steps[Record | None]:
    """Return the record of an artifact, expired or not."""
    found = yield Get(layout.record(artifact_id))
    return None if found is None else read_record(found)


def last_kept(task_id: str, name: str, now_ms: int) -> Steps[Record | None]:
    """Return the last artifact of this name that the latest such attempt of the task has completed."""
    paths = yield Names(layout.kept(task_id, name))
    for path in sorted(paths, reverse=True):
        pointer = yield Get(path)
        record = yield from find((pointer or b"").decode(), now_ms)
        if record is not None:
            return record
    return None


def remove(record: Record) -> Steps[None]:
    """Delete an artifact; broken off after the record, its due entry brings the sweep to what is left."""
    artifact = record.artifact
    if record.task_id and artifact.name:
        path = layout.kept_by(record.task_id, artifact.name, record.attempt)
        pointer = yield Get(path)
        if pointer == artifact.id.encode():
            yield Delete(path)
    yield Delete(layout.record(artifact.id))
    yield Delete(layout.data(artifact.id))


def clear(artifact_id: str) -> Steps[None]:
    """Delete the bytes that no record knows."""
    yield Delete(layout.data(artifact_id))


def move(entry: layout.Due, path: str) -> Steps[None]:
    """Look at it at another time."""
    if path != entry.path:
        yield Put(path, b"")
        yield Delete(entry.path)


def forget(entry: layout.Due) -> Steps[None]:
    """Look at it no more."""
    yield Delete(entry.path)
