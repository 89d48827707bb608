"""Records go through JSON unchanged; what is none is refused with the field and the reason named."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from xqueue_common.codec import encode
from xqueue_common.errors import Undecodable
from xqueue_common.events import (
    Cancel,
    Checkpoint,
    ChunkRecord,
    Dispatch,
    ErrorInfo,
    Finished,
    LogRecord,
    Progress,
    ProgressRecord,
    Returned,
    Started,
    StatusRecord,
    Submit,
    Takeover,
    TimerFired,
    read_command,
    read_dispatch,
    read_progress,
    read_report,
    read_status,
)
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState

TASK = new_task_id(0, 1_000, 1)
SPEC = TaskSpec(TASK, "t", "q", "acme", 1_000, concurrency_key="ü", max_concurrency=2)
STATE = TaskState(Status.PROCESSING, 3, result=Raw(b'{"a":1}'))
RECORDS = [
    (read_command, Submit(SPEC, Raw(b'{"n":1}'))),
    (read_command, Cancel(TASK, "acme")),
    (read_report, Started(TASK, "1.1.0", 5)),
    (read_report, Finished(TASK, "1.1.0", "failed", 5, error=ErrorInfo("error", "no"), progress=Progress(50.0))),
    (read_report, Returned(TASK, "1.1.0", "drained")),
    (read_report, TimerFired(TASK, None, "delay", 5)),
    (read_dispatch, Dispatch(1, 1, "w#1", "1.1.0", 1, 2, SPEC, Raw(b"null"))),
    (read_status, Takeover("s", 5)),
    (read_status, StatusRecord(1, 1, 0, 0, SPEC, STATE, totals={"submitted": 1})),
    (read_status, Checkpoint(1, 1, 0, 0, {"submitted": 1})),
    (read_progress, ProgressRecord(SPEC, 2, 1, "w", 1, 5, 5, Progress(1.0, "half"))),
    (read_progress, LogRecord(SPEC, 1, 1, 5, "info", "hello")),
    (read_progress, ChunkRecord(SPEC, 1, 2, 0, 5, Raw(b'{"token":"a"}'))),
]


@pytest.mark.parametrize(("read", "record"), RECORDS, ids=lambda value: type(value).__name__)
def test_a_record_comes_back_as_it_was(read: Any, record: Any) -> None:
    assert read(encode(record)) == record


@pytest.mark.parametrize(("read", "record"), RECORDS, ids=lambda value: type(value).__name__)
def test_fields_of_later_versions_are_overlooked(read: Any, record: Any) -> None:
    later = msgspec.json.decode(encode(record)) | {"of_a_later_version": [1]}
    assert read(encode(later)) == record


def submit(**spec: Any) -> bytes:
    known = msgspec.json.decode(encode(SPEC)) | spec
    return encode({"kind": "submit", "spec": known, "payload": None})


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (submit(task_id="1"), "$.spec.task_id"),
        (submit(type="Upper"), "$.spec.type"),
        (submit(queue=""), "$.spec.queue"),
        (submit(queue="q\n"), "$.spec.queue"),
        (submit(tenant="a/b"), "$.spec.tenant"),
        (submit(priority=256), "$.spec.priority"),
        (submit(priority=-1), "$.spec.priority"),
        (submit(priority=1.5), "$.spec.priority"),
        (submit(max_concurrency=0), "$.spec.max_concurrency"),
        (submit(concurrency_key=""), "$.spec.concurrency_key"),
        (submit(concurrency_key="a\nb"), "$.spec.concurrency_key"),
        (submit(max_retry=101), "$.spec.max_retry"),
        (submit(queue_timeout_ms=0), "$.spec.queue_timeout_ms"),
        (submit(run_at_ms=1 << 53), "$.spec.run_at_ms"),
        (submit(labels={f"l{i}": "" for i in range(17)}), "$.spec.labels"),
        (submit(labels={"": "v"}), "$.spec.labels"),
        (submit(backoff={"kind": "linear"}), "$.spec.backoff.kind"),
        (submit(backoff={"jitter": 2}), "$.spec.backoff.jitter"),
        (submit(resources={"tpu": 1}), "tpu"),
        (b'{"kind":"submit","payload":1}', "spec"),
        (encode({"kind": "cancel", "task_id": TASK}), "tenant"),
        (b'{"kind":"finished"}', "finished"),
        (b"{}", "kind"),
        (b"null", "null"),
        (b"", "truncated"),
        (b"{", "truncated"),
        (None, "truncated"),
        (encode(Cancel(TASK, "acme")) + b"{}", "trailing"),
        (b"\xff", "utf-8"),
    ],
)
def test_a_bad_command_is_refused_by_the_name_of_its_field(value: bytes | None, named: str) -> None:
    with pytest.raises(Undecodable) as refused:
        read_command(value)
    assert named in refused.value.reason


def test_a_payload_that_is_no_text_is_refused() -> None:
    with pytest.raises(Undecodable, match="utf-8"):
        read_command(submit().replace(b'"payload":null', b'"payload":"\xff"'))


def test_a_payload_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(Undecodable):
        read_command(submit().replace(b'"payload":null', b'"payload":' + b"[" * 100_000))


def test_a_payload_travels_as_the_text_that_it_was() -> None:
    text = b'{"b": 1.0, "a":[ ],"b":2}'
    command = read_command(encode(Submit(SPEC, Raw(text))))
    assert isinstance(command, Submit)
    assert bytes(command.payload) == text
