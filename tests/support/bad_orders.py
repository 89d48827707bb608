"""What no client should send to queues, limits, schedules, artifacts, models, and under other paths of the same."""

from support.bad_requests import DEEP, JSON, NOOP, SOME_ID, TASKS, Case

QUEUES = "/api/v1/queues"
LIMITS = "/api/v1/limits"
SCHEDULES = "/api/v1/schedules"
ARTIFACTS = "/api/v1/artifacts"
LETTERS = f"{QUEUES}/default/dead-letters"
IMAGE, SPEECH = "/api/v1/image/async", "/api/v1/speech/async"


def order(status: int, method: str, path: str, body: bytes, field: str | None = None) -> Case:
    return Case(status, method, path, body, JSON, field)


def form(status: int, body: bytes, field: str | None = None, boundary: str = "x") -> Case:
    return Case(status, "POST", SPEECH, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, field)


def part(name: str, body: bytes = b"", more: str = "") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + body + b"\r\n"


ON_QUEUES = [
    order(400, "POST", QUEUES, b"{"),
    order(400, "PUT", f"{QUEUES}/default", DEEP),
    order(422, "POST", QUEUES, b"{}", "name"),
    order(422, "POST", QUEUES, b'{"name": "../etc"}', "name"),
    order(422, "POST", QUEUES, b'{"name": "a", "workers": -1}', "workers"),
    order(422, "POST", QUEUES, b'{"name": "a", "wrokers": 1}', "wrokers"),
    order(422, "PUT", f"{QUEUES}/a%20b", b"{}", "name"),
    order(422, "PUT", f"{QUEUES}/{'q' * 65}", b"{}", "name"),
    order(422, "PATCH", f"{QUEUES}/default", b'{"rate": {"per_second": 0}}', "rate.per_second"),
    order(422, "PATCH", f"{QUEUES}/default", b'{"waiting": 1}', "waiting"),
    order(422, "PATCH", f"{QUEUES}/default", b"[]", "body"),
    order(404, "PATCH", f"{QUEUES}/nobody-made-it", b"{}"),
    order(415, "PUT", f"{QUEUES}/default", b"{}")._replace(headers={"Content-Type": "text/plain"}),
    order(413, "PUT", f"{QUEUES}/default", b" " * 2_000_000 + b"{}", "body"),
    Case(404, "GET", f"{QUEUES}/nobody-made-it"),
    Case(404, "GET", f"{QUEUES}/%00"),
    Case(404, "GET", f"{QUEUES}/%ff"),
    Case(422, "DELETE", f"{QUEUES}/default?force=perhaps", field="force"),
    Case(422, "DELETE", f"{QUEUES}/default?farce=true", field="farce"),
    Case(404, "POST", f"{QUEUES}/nobody-made-it/pause"),
    Case(404, "POST", f"{QUEUES}/nobody-made-it/purge"),
    Case(405, "GET", f"{QUEUES}/default/pause"),
    order(422, "POST", f"{QUEUES}/default/reorder", b"{}", "task_ids"),
    order(422, "POST", f"{QUEUES}/default/reorder", b'{"task_ids": []}', "task_ids"),
    order(422, "POST", f"{QUEUES}/default/reorder", b'{"task_ids": ["x"]}', "task_ids[0]"),
    order(422, "POST", f"{QUEUES}/default/reorder", f'{{"task_ids": ["{SOME_ID}"]}}'.encode(), "task_ids[0]"),
    Case(422, "GET", f"{LETTERS}?limit=0", field="limit"),
    Case(422, "GET", f"{LETTERS}?cursor=%00", field="cursor"),
    order(422, "POST", f"{LETTERS}/redrive", b'{"task_ids": []}', "task_ids"),
    order(422, "POST", f"{LETTERS}/redrive", b'{"task_ids": ["\\u0000"]}', "task_ids[0]"),
    order(400, "POST", f"{LETTERS}/redrive", b"{"),
    order(415, "POST", f"{LETTERS}/redrive", b"{}")._replace(headers={}),
    Case(405, "PUT", LETTERS),
]
ON_LIMITS = [
    order(422, "PUT", f"{LIMITS}/key/a", b"{}", "body"),
    order(422, "PUT", f"{LIMITS}/key/a", b'{"max_concurrency": 0}', "max_concurrency"),
    order(422, "PUT", f"{LIMITS}/key/a", b'{"weight": 1e999}', "weight"),
    order(422, "PUT", f"{LIMITS}/type/No", b'{"max_concurrency": 1}', "name"),
    order(422, "PUT", f"{LIMITS}/tenant/%2e%2e", b'{"max_concurrency": 1}', "name"),
    order(422, "PUT", f"{LIMITS}/key/%00", b'{"max_concurrency": 1}', "name"),
    order(422, "PUT", f"{LIMITS}/key/%ff", b'{"max_concurrency": 1}', "name"),
    order(422, "PUT", f"{LIMITS}/key/{'k' * 257}", b'{"max_concurrency": 1}', "name"),
    Case(422, "GET", f"{LIMITS}/nothing/a", field="kind"),
    Case(404, "GET", f"{LIMITS}/key/nobody-pinned-it"),
    Case(404, "DELETE", f"{LIMITS}/key/nobody-pinned-it"),
]
ON_SCHEDULES = [
    order(422, "POST", SCHEDULES, b"{}", "task"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}}', "cron"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}, "cron": "@daily"}', "cron"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}, "cron": "61 * * * *"}', "cron"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}, "cron": "\\n* * * * *"}', "cron"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}, "every": 0}', "every"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "noop"}, "every": 60, "timezone": "Mars/Sea"}', "timezone"),
    order(422, "POST", SCHEDULES, b'{"task": {"type": "NO"}, "every": 60}', "task.type"),
    order(422, "PUT", f"{SCHEDULES}/%00", b'{"task": {"type": "noop"}, "every": 60}', "id"),
    Case(404, "GET", f"{SCHEDULES}/nobody-made-it"),
    Case(404, "DELETE", f"{SCHEDULES}/%ff"),
    Case(404, "POST", f"{SCHEDULES}/nobody-made-it/trigger"),
]
ON_IMAGES = [
    order(400, "POST", IMAGE, b"{"),
    order(422, "POST", IMAGE, b"{}", "prompt"),
    order(422, "POST", IMAGE, b'{"prompt": ""}', "prompt"),
    order(422, "POST", IMAGE, b'{"prompt": "a", "width": 1}', "width"),
    order(422, "POST", IMAGE, b'{"prompt": "a", "payload": 1}', "payload"),
]
ON_SPEECH = [
    order(415, "POST", SPEECH, NOOP),
    form(400, b""),
    form(400, b"--x"),
    form(400, b"no parts"),
    form(400, part("audio", b"RIFF", '; filename="a.wav"')),
    form(422, part("language", b"en") + b"--x--\r\n", "audio"),
    form(422, part("audio", b"RIFF", '; filename="a.wav"') + part("langauge", b"en") + b"--x--\r\n", "langauge"),
    form(415, b"--x--\r\n", boundary="y" * 300),
]
ON_ARTIFACTS = [
    Case(422, "POST", f"{ARTIFACTS}?name=", b"a", field="name"),
    Case(422, "POST", f"{ARTIFACTS}?name=%00", b"a", field="name"),
    Case(422, "POST", f"{ARTIFACTS}?nmae=a", b"a", field="nmae"),
    Case(404, "GET", f"{ARTIFACTS}/x"),
    Case(404, "GET", f"{ARTIFACTS}/..%2f..%2fetc%2fpasswd"),
    Case(404, "GET", f"{ARTIFACTS}/art_{'a' * 24}"),
    Case(404, "DELETE", f"{ARTIFACTS}/%00"),
    Case(405, "PUT", f"{ARTIFACTS}/art_{'a' * 24}"),
]
ON_THE_REST = [
    Case(404, "GET", "/docs/..%2f..%2fsettings.py"),
    Case(404, "GET", "/docs/%00"),
    Case(405, "POST", "/openapi.json"),
    Case(405, "DELETE", "/asyncapi.yaml"),
    Case(405, "POST", "/docs"),
    Case(422, "GET", "/api/v1/worker-allocations?queue=%00", field="queue"),
    Case(404, "GET", "/api/v1/worker-allocations?queue=nobody-made-it"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}/logs?limit=1000000", field="limit"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}/logs?cursor=%ff", field="query"),
    Case(422, "GET", f"{TASKS}/{SOME_ID}/events", headers={"Last-Event-ID": "9" * 40}, field="Last-Event-ID"),
    Case(404, "POST", f"{TASKS}/{SOME_ID}/retry"),
    order(422, "PATCH", f"{TASKS}/{SOME_ID}/priority", b'{"priority": 256}', "priority"),
    order(400, "PATCH", f"{TASKS}/{SOME_ID}/priority", b"\xff"),
    Case(404, "GET", f"{TASKS}/{SOME_ID}/explain"),
]
ON_ALIASES = [
    order(422, "POST", "/v1/tasks", b"{}", "type"),
    order(400, "POST", "/v1/tasks/batch", b"{"),
    Case(404, "GET", "/v1/tasks/%00"),
    Case(422, "GET", "/v1/tasks?limit=0", field="limit"),
    Case(405, "DELETE", "/v1/queue/status"),
    order(422, "POST", "/v1/queue/reorder", b"{}", "task_ids"),
    order(422, "PUT", "/api/queues/a%20b", b"{}", "name"),
    order(404, "PATCH", "/api/queues/nobody-made-it", b"{}"),
    Case(405, "POST", "/api/stats"),
]
ORDERS = [*ON_QUEUES, *ON_LIMITS, *ON_SCHEDULES, *ON_IMAGES, *ON_THE_REST, *ON_ALIASES]
FILES = [*ON_SPEECH, *ON_ARTIFACTS]
"""For gateways that have a store of artifacts."""
