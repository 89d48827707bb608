"""What no client should send: requests and WebSocket messages, each with the answer that it is owed."""

from typing import NamedTuple

TASKS = "/api/v1/tasks"
BATCH = "/api/v1/tasks/batch"
JSON = {"Content-Type": "application/json"}
SOME_ID = "01a205fa-7e08-7000-ac23-2c62ad5751f1"
DEEP = b"[" * 50_000


class Case(NamedTuple):
    """A request that cannot be answered as asked."""

    status: int
    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = JSON
    field: str | None = None


def post(status: int, body: bytes, path: str = TASKS, *, field: str | None = None, **headers: str) -> Case:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Case(status, "POST", path, body, {**JSON, **named}, field)


NOOP = b'{"type": "noop"}'

CASES = [
    # no JSON
    post(400, b""),
    post(400, b"{"),
    post(400, b"\x00"),
    post(400, b"\xff\xfe"),
    post(400, b"type=noop"),
    post(400, b'{"type": "noop",}'),
    post(400, NOOP + NOOP),
    post(400, b'\xef\xbb\xbf{"type": "noop"}'),
    post(400, b'{"type": "noop", "payload": "\xff"}'),
    post(400, b'{"type": "noop", "payload": "\xed\xa0\x80"}'),
    post(400, b'{"type": "noop", "payload": "\\ud800"}'),
    post(400, b'{"type": "noop", "payload": "\\udc00\\ud800"}'),
    post(400, b'{"type": "noop", "payload": Infinity}'),
    post(400, DEEP),
    post(400, b'{"type": "noop", "payload": ' + DEEP),
    post(400, b'{"type": "noop", "payload": ' + b"[" * 300 + b"]" * 300 + b"}"),
    post(400, b'{"tasks": [' + DEEP, BATCH),
    post(400, b'{"tasks": [{"type": "noop"}', BATCH),
    # fields
    post(422, b"[]", field="body"),
    post(422, b"null", field="body"),
    post(422, b"{}", field="type"),
    post(422, b'{"type": "Noop"}', field="type"),
    post(422, b'{"type": "noop\\n"}', field="type"),
    post(422, b'{"type": "noop", "typ": 1}', field="typ"),
    post(422, b'{"type": "noop", "\\u0000": 1}', field="\x00"),
    post(422, b'{"type": "noop", "queue": "../etc"}', field="queue"),
    post(422, b'{"type": "noop", "queue": ""}', field="queue"),
    post(422, b'{"type": "noop", "priority": 256}', field="priority"),
    post(422, b'{"type": "noop", "priority": 1e400}', field="priority"),
    post(422, b'{"type": "noop", "priority": 99999999999999999999999}', field="priority"),
    post(422, b'{"type": "noop", "queue_timeout": 0}', field="queue_timeout"),
    post(422, b'{"type": "noop", "process_timeout": 2592001}', field="process_timeout"),
    post(422, b'{"type": "noop", "process_timeout": 1e308}', field="process_timeout"),
    post(422, b'{"type": "noop", "delay": -1}', field="delay"),
    post(422, b'{"type": "noop", "delay": 1, "run_at": "2001-01-01T00:00:00Z"}', field="run_at"),
    post(422, b'{"type": "noop", "run_at": "2001-13-01T00:00:00Z"}', field="run_at"),
    post(422, b'{"type": "noop", "run_at": "9999-12-31T23:59:59Z"}', field="run_at"),
    post(422, b'{"type": "noop", "max_concurrency": 1}', field="concurrency_key"),
    post(422, b'{"type": "noop", "concurrency_key": "\\u0000"}', field="concurrency_key"),
    post(422, b'{"type": "noop", "labels": {"a": "\\u001b"}}', field="labels[...]"),
    post(422, b'{"type": "noop", "webhook": {"url": "http://169.254.169.254/"}}', field="webhook.url"),
    post(422, b'{"type": "noop", "webhook": "https://example.com"}', field="webhook"),
    post(422, b'{"type": "noop", "resources": {"slots": 0}}', field="resources.slots"),
    post(422, b'{"type": "noop", "retry": {"base": -1}}', field="retry.base"),
    post(422, b'{"tasks": []}', BATCH, field="tasks"),
    post(422, b'{"tasks": {}}', BATCH, field="tasks"),
    post(422, b'{"tasks": [' + b",".join([b"{}"] * 1_001) + b"]}", BATCH, field="tasks"),
    post(422, NOOP, BATCH, field="type"),
    # headers
    post(422, NOOP, X_XQ_Tenant="a b", field="X-XQ-Tenant"),
    post(422, NOOP, X_XQ_Tenant="*", field="X-XQ-Tenant"),
    post(422, NOOP, X_XQ_Tenant="../other", field="X-XQ-Tenant"),
    post(422, NOOP, Idempotency_Key="k" * 300, field="Idempotency-Key"),
    post(415, NOOP, Content_Type="text/plain", field="Content-Type"),
    post(415, b"type=noop", Content_Type="application/x-www-form-urlencoded", field="Content-Type"),
    post(415, NOOP, Content_Type="application/json; charset=utf-16", field="Content-Type"),
    post(415, NOOP, BATCH, Content_Type="multipart/form-data; boundary=x", field="Content-Type"),
    Case(415, "POST", TASKS, NOOP, {}, "Content-Type"),
    post(415, b"\x1f\x8b\x08", Content_Encoding="gzip", field="Content-Encoding"),
    post(403, NOOP, Origin="https://evil.example", field="Origin"),
    post(403, NOOP, Origin="null", field="Origin"),
    Case(403, "DELETE", f"{TASKS}/{SOME_ID}", headers={"Origin": "https://evil.example"}, field="Origin"),
    # sizes
    post(413, b'{"type": "noop", "payload": "' + b"x" * 262_143 + b'"}', field="payload"),
    post(413, b" " * 600_000 + NOOP, field="body"),
    post(413, b" " * (16 * 1024 * 1024) + b"{}", BATCH, field="body"),
    # paths and methods
    Case(404, "GET", "/"),
    Case(404, "GET", "/api/v1/nothing"),
    Case(404, "GET", "/api/v2/tasks"),
    Case(404, "GET", f"{TASKS}/x"),
    Case(404, "GET", f"{TASKS}/{SOME_ID.upper()}"),
    Case(404, "GET", f"{TASKS}/{SOME_ID}%0a"),
    Case(404, "GET", f"{TASKS}/%00"),
    Case(404, "GET", f"{TASKS}/%ff%fe"),
    Case(404, "GET", f"{TASKS}/..%2f..%2fetc%2fpasswd"),
    Case(404, "GET", f"{TASKS}/+%23"),
    Case(404, "GET", f"{TASKS}/{'a' * 5_000}"),
    Case(404, "GET", f"{TASKS}/6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
    Case(404, "DELETE", f"{TASKS}/%00"),
    Case(404, "POST", f"{TASKS}/%0d%0aX-Evil:1/cancel"),
    Case(404, "GET", f"{TASKS}/x/result"),
    Case(404, "GET", f"{TASKS}/x/history"),
    Case(405, "PUT", TASKS),
    Case(405, "PATCH", f"{TASKS}/{SOME_ID}"),
    Case(405, "GET", f"{TASKS}/{SOME_ID}/cancel"),
    Case(405, "POST", "/api/v1/stats"),
    # queries
    Case(422, "GET", f"{TASKS}?state=success", field="state"),
    Case(422, "GET", f"{TASKS}?status=done", field="status"),
    Case(422, "GET", f"{TASKS}?limit=0", field="limit"),
    Case(422, "GET", f"{TASKS}?limit=201", field="limit"),
    Case(422, "GET", f"{TASKS}?limit=ten", field="limit"),
    Case(422, "GET", f"{TASKS}?offset=-1", field="offset"),
    Case(422, "GET", f"{TASKS}?cursor=zzz", field="cursor"),
    Case(422, "GET", f"{TASKS}?queue=%00", field="queue"),
    Case(422, "GET", f"{TASKS}?queue=%ff", field="query"),
    Case(422, "GET", f"{TASKS}?label=%00:x", field="label"),
    Case(422, "GET", f"{TASKS}?label=nocolon", field="label"),
    Case(422, "GET", f"{TASKS}?task_id=1", field="task_id"),
    Case(422, "GET", f"{TASKS}?created_after=now", field="created_after"),
    Case(422, "GET", f"{TASKS}?{'&'.join(['label=a:b'] * 600)}", field="query"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}?wait=61", field="wait"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}?wait=soon", field="wait"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}?waiting=1", field="waiting"),
]

MESSAGES: list[tuple[str | bytes, str]] = [
    ("", "body"),
    ("subscribe", "body"),
    ("{", "body"),
    ('{"op": "\\ud800"}', "body"),
    ("[" * 50_000, "body"),
    (b'{"op": "subscribe"}', "body"),
    (b"\xff\xfe", "body"),
    ("[]", "body"),
    ("{}", "op"),
    ('{"op": "dance"}', "op"),
    ('{"op": "subscribe", "filter": []}', "filter"),
    ('{"op": "subscribe", "filter": {"task_id": "\\u0000"}}', "filter.task_id"),
    ('{"op": "subscribe", "filter": {"status": "done"}}', "filter.status"),
    ('{"op": "subscribe", "filter": {"owner": "me"}}', "filter.owner"),
    ('{"op": "subscribe", "after": {"x": 1}}', "after"),
    ('{"op": "subscribe", "filtre": {}}', "filtre"),
    (f'{{"op": "subscribe", "filter": {{"task_id": "{SOME_ID}"}}}}', "task_id"),
]
"""Each with the field that the error names."""
