"""What is published: topics and JSON snapshots; nothing here does I/O."""

import re
from typing import NamedTuple

from msgspec import Raw, structs

from xqueue_common.codec import encode
from xqueue_common.events import ProgressRecord, StatusRecord
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.snapshot import Snapshot, progress_snapshot, snapshot_of

_UNSAFE = re.compile(r"[+#\x00-\x1f\x7f-\x9f]")
_MAX_TOPIC_BYTES = 65_535

TENANT = "{tenant}"
"""What stands for a task's tenant in the prefix of topics."""


class Message(NamedTuple):
    """One publish. ``retain``: the broker keeps it for later subscribers."""

    topic: bytes
    payload: bytes
    retain: bool = False


class Topics:
    """The topics of one installation, all under one prefix; ``{tenant}`` in it stands for a task's tenant."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def task(self, tenant: str, task_id: str) -> bytes:
        """Return the topic of everything that happens to one task."""
        return self._topic(tenant, f"task/status/{task_id}")

    def status(self, tenant: str, status: str) -> bytes:
        """Return the topic of all tasks that come into a state."""
        return self._topic(tenant, f"task/status/status/{status}")

    def progress(self, tenant: str, task_id: str) -> bytes:
        """Return the topic of one task's progress."""
        return self._topic(tenant, f"task/progress/{task_id}")

    def _topic(self, tenant: str, rest: str) -> bytes:
        return _topic(self._prefix.replace(TENANT, tenant) + rest)


class UnsafeTopic(ValueError):
    """A topic that would be a filter, or that no broker takes. Ids and settings are validated: this is a bug."""


def _topic(text: str) -> bytes:
    encoded = text.encode()
    if _UNSAFE.search(text) or len(encoded) > _MAX_TOPIC_BYTES:
        raise UnsafeTopic(text)
    return encoded


def status_messages(
    record: StatusRecord, topics: Topics, *, retain: bool, max_payload: int
) -> tuple[Message, Message]:
    """Return what tells of a version: to those who follow the task, and to those who follow the state.

    Args:
        record: the version.
        topics: where to.
        retain: whether a terminal status stays at the broker.
        max_payload: bytes that the broker takes; see ``fitting``.
    """
    snapshot = snapshot_of(record.spec, record.state)
    payload = fitting(snapshot, max_payload)
    stays = retain and snapshot.status in TERMINAL
    return (
        Message(topics.task(snapshot.tenant, snapshot.task_id), payload, stays),
        Message(topics.status(snapshot.tenant, snapshot.status), payload),
    )


def progress_message(record: ProgressRecord, topics: Topics) -> Message:
    """Return what tells of a progress."""
    snapshot = progress_snapshot(record, Raw(encode(record.progress)))
    return Message(topics.progress(snapshot.tenant, snapshot.task_id), encode(snapshot))


def fitting(snapshot: Snapshot, max_payload: int) -> bytes:
    """Return a snapshot as JSON, without result, error and progress if the broker would not take it with them.

    A broker hangs up on whoever sends too much: one large result would keep all that follows from being told.
    The status is what matters; the rest is to be had over REST.
    """
    payload = encode(snapshot)
    if len(payload) <= max_payload:
        return payload
    return encode(structs.replace(snapshot, result=None, error=None, progress=None))
