"""Events as server-sent events: whatever a handler returns, one event stays one event."""

import json
from typing import Any

from msgspec import Raw
from unit.gateway.made import NOW_MS, progress_record, spec, state

from xqueue_common.events import ChunkRecord, LogRecord
from xqueue_gateway.push.events import ChunkEvent, Event, LogEvent, ProgressEvent, StatusEvent


def sent(event: Event) -> dict[str, Any]:
    """Return the fields of the event that a reader finds."""
    text = event.lines.decode()
    lines, end = text.split("\n\n")
    assert end == ""
    fields = dict(line.split(": ", 1) for line in lines.split("\n"))
    return {**fields, "data": json.loads(fields["data"])}


def test_a_status_has_its_version_as_id_and_the_task_as_data() -> None:
    event = StatusEvent(spec(), state("success", 7, result=Raw(b'{"a":\r\n "b\\nc"}')))

    told = sent(event)

    assert (told["event"], told["id"]) == ("status", "7")
    assert told["data"] == json.loads(event.text)["task"]
    assert told["data"]["result"] == {"a": "b\nc"}


def test_what_is_no_version_has_no_id() -> None:
    progress = sent(ProgressEvent(progress_record(spec(), 50)))
    line = sent(LogEvent(LogRecord(spec(), 1, 3, NOW_MS, "info", "two\nlines")))

    assert (progress["event"], "id" in progress, progress["data"]["progress"]) == (
        "progress",
        False,
        {"percent": 50},
    )
    assert (line["event"], "id" in line, line["data"]["message"]) == ("log", False, "two\nlines")


def test_a_chunk_is_told_with_its_number() -> None:
    chunk = ChunkEvent(ChunkRecord(spec(), 2, 9, 4, NOW_MS, Raw(b'{"text":\n"line\\nbreak"}')))

    assert sent(chunk) == {"event": "chunk", "data": {"attempt": 2, "index": 4, "chunk": {"text": "line\nbreak"}}}
