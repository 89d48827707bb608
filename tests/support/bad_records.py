"""Records that nobody can read, and some that can be read and must not count, for each topic."""

from typing import Any

import msgspec

from xqueue_common.topics import Topics

TASK = "01a205fa-7e08-7000-8000-2c62ad5751f1"
OTHER_CELL = "01a205fa-7e08-703f-8000-2c62ad5751f1"
"""An id that names cell 63, where there is one cell."""
TOKEN = "1.1.1"  # noqa: S105  # names an attempt, opens nothing
SPEC: dict[str, Any] = {"task_id": TASK, "type": "noop", "queue": "default", "tenant": "default", "created_ms": 1}
DEEP = b"[" * 20_000

NO_JSON: list[bytes | None] = [
    None,
    b"",
    b"\x00",
    b"\xff\xfe\x00",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b"{",
    b'{"kind": "submit"',
    b'{"kind": 1}',
    b'{"kind": "nonsense"}',
    b'{"kind": "\xed\xa0\x80"}',
    DEEP,
    b'{"kind": ' + DEEP,
    b"<xml/>",
    b"x" * 800_000,
]
"""Unreadable on every topic."""


def json(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"kind": kind, **fields})


def submit(**spec: Any) -> bytes:
    return json("submit", spec={**SPEC, **spec}, payload=None)


def status(epoch: int = 0, **state: Any) -> bytes:
    known = {"status": "success", "version": 1}
    return json("status", epoch=epoch, call=0, commands=0, reports=0, spec=SPEC, state={**known, **state})


def unreadable(topics: Topics) -> dict[str, list[bytes | None]]:
    """Return what has to end in the dead records, by topic."""
    return {
        topics.commands: [
            *NO_JSON,
            json("submit"),
            json("submit", spec={}, payload=1),
            json("submit", spec=SPEC),
            submit(task_id="x"),
            submit(task_id=OTHER_CELL),
            submit(type="No"),
            submit(queue="../etc"),
            submit(tenant=""),
            submit(priority=256),
            submit(priority="high"),
            submit(max_retry=-1),
            submit(created_ms=2**60),
            submit(concurrency_key="a\nb"),
            submit(max_concurrency=0),
            submit(labels={f"l{n}": "" for n in range(17)}),
            submit(process_timeout_ms=0),
            json("cancel"),
            json("cancel", task_id=TASK),
            json("finished", task_id=TASK, token=TOKEN, outcome="success", ran_ms=1),
        ],
        topics.reports: [
            *NO_JSON,
            json("finished"),
            json("finished", task_id=TASK, token=TOKEN, outcome="done", ran_ms=1),
            json("finished", task_id=TASK, token=TOKEN, outcome="success", ran_ms=-1),
            json("started", task_id=TASK, token=1, running_ms=1),
            json("returned", task_id=TASK, token=TOKEN, reason="bored"),
            json("timer_fired", task_id=TASK, token=None, timer="egg", due_ms=1),
            submit(),
        ],
        topics.dispatch: [
            *NO_JSON,
            json("dispatch", epoch=1, call=1, incarnation="me", token=TOKEN),
            json(
                "dispatch", epoch=-1, call=1, incarnation="x", token="", attempt=1, version=1, spec=SPEC, payload=1
            ),
        ],
        topics.status: [
            *NO_JSON,
            status(status="done"),
            status(version=-1),
            status(at_ms="now"),
            json("takeover", owner="x"),
            json("checkpoint", epoch=1),
        ],
        topics.progress: [*NO_JSON, json("progress", spec=SPEC), json("log", spec=SPEC, attempt=1, seq=1)],
    }


def meaningless(topics: Topics) -> dict[str, list[bytes]]:
    """Return what can be read and has to be ignored, by topic: of no task, no worker and no scheduler in force."""
    return {
        topics.commands: [json("cancel", task_id=TASK, tenant="default")],
        topics.reports: [
            json("finished", task_id=TASK, token=TOKEN, outcome="success", ran_ms=1),
            json("finished", task_id=TASK, token=chr(0), outcome="failed", ran_ms=2**52),
            json("started", task_id=TASK, token="", running_ms=2**52),
            json("returned", task_id=TASK, token="x" * 10_000, reason="refused"),
            json("timer_fired", task_id=TASK, token=None, timer="lease", due_ms=2**52),
        ],
        topics.dispatch: [
            json("dispatch", epoch=1, call=1, incarnation="x", token="", attempt=1, version=1, spec=SPEC, payload=1)
        ],
        topics.status: [
            status(),
            status(version=2**52, at_ms=2**52, finished_ms=2**52),
            status(epoch=2**52, version=9),
            json("checkpoint", epoch=2**52, call=2**52, commands=2**52, reports=2**52, totals={"success": 2**52}),
        ],
    }
