"""Queues, limits and later changes of tasks, as the SDK asks for them."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from unit.client.answering import SNAPSHOT, URL, Answering, asks, asks_async, json, problem

from xqueue_client import Client, Conflict, NotFound, Rate, RetryPolicy

QUEUE: dict[str, Any] = {"name": "images", "status": {"waiting": 1, "scheduled": 0, "processing": 2}}
LIMIT: dict[str, Any] = {"kind": "key", "name": "k", "max_concurrency": 2}
DONE = httpx2.Response(204)

CALLS: list[tuple[Callable[[Any], Any], str, Any, httpx2.Response]] = [
    (lambda c: c.queues.list(), "GET /queues", None, json(200, {"items": [QUEUE]})),
    (lambda c: c.queues.get("images"), "GET /queues/images", None, json(200, QUEUE)),
    (
        lambda c: c.queues.set("images", workers=3, aging=None),
        "PATCH /queues/images",
        {"workers": 3, "aging": None},
        json(200, QUEUE),
    ),
    (
        lambda c: c.queues.replace("images", rate=Rate(5)),
        "PUT /queues/images",
        {"rate": {"per_second": 5, "burst": 1}},
        json(201, QUEUE),
    ),
    (lambda c: c.queues.pause("images"), "POST /queues/images/pause", None, json(200, QUEUE)),
    (lambda c: c.queues.resume("images"), "POST /queues/images/resume", None, json(200, QUEUE)),
    (
        lambda c: c.queues.purge("images"),
        "POST /queues/images/purge",
        None,
        json(202, {"queue": "images", "waiting": 3}),
    ),
    (
        lambda c: c.queues.reorder("images", ["t2", "t1"]),
        "POST /queues/images/reorder",
        {"task_ids": ["t2", "t1"]},
        json(200, {"queue": "images", "task_ids": ["t2", "t1"]}),
    ),
    (lambda c: c.queues.delete("images"), "DELETE /queues/images", None, DONE),
    (lambda c: c.queues.delete("images", force=True), "DELETE /queues/images?force=true", None, DONE),
    (lambda c: c.limits.list(), "GET /limits", None, json(200, {"items": [LIMIT]})),
    (lambda c: c.limits.get("key", "a/b%"), "GET /limits/key/a%2Fb%25", None, json(200, LIMIT)),
    (lambda c: c.limits.get("key", ".."), "GET /limits/key/%2E%2E", None, json(200, LIMIT)),
    (lambda c: c.limits.set("type", "ocr", weight=2), "PUT /limits/type/ocr", {"weight": 2}, json(200, LIMIT)),
    (lambda c: c.limits.clear("tenant", "acme"), "DELETE /limits/tenant/acme", None, DONE),
    (lambda c: c.prioritize("t1", 9), "PATCH /tasks/t1/priority", {"priority": 9}, json(200, SNAPSHOT)),
    (lambda c: c.retry("t1"), "POST /tasks/t1/retry", None, json(202, SNAPSHOT)),
]


@pytest.mark.parametrize(("call", "line", "body", "answer"), CALLS)
def test_every_call_is_one_request(call: Any, line: str, body: Any, answer: httpx2.Response) -> None:
    line_asked, bodies = asks(call, answer)

    assert line_asked == line
    assert body is None or bodies == [body]


@pytest.mark.parametrize(("call", "line", "body", "answer"), CALLS)
async def test_asyncio_asks_the_same(call: Any, line: str, body: Any, answer: httpx2.Response) -> None:
    line_asked, bodies = await asks_async(call, answer)

    assert line_asked == line
    assert body is None or bodies == [body]


def test_setting_makes_a_queue_that_is_not_there() -> None:
    gateway = Answering([problem(404), json(201, QUEUE)])

    with Client(URL, transport=gateway.transport) as client:
        assert client.queues.set("images", default_retry=RetryPolicy(base=2)).status.processing == 2

    assert [request.method for request in gateway.asked] == ["PATCH", "PUT"]
    assert gateway.bodies[0] == gateway.bodies[1]


def test_a_retry_is_sent_again_as_the_same_one() -> None:
    gateway = Answering([problem(503, **{"Retry-After": "0"}), json(202, SNAPSHOT)])

    with Client(URL, transport=gateway.transport) as client:
        assert client.retry("t0").id == "t1"

    assert len(set(gateway.keys)) == 1


def test_what_is_refused_is_told() -> None:
    gateway = Answering([problem(409), problem(404)])

    with Client(URL, transport=gateway.transport) as client:
        with pytest.raises(Conflict):
            client.queues.delete("images")
        with pytest.raises(NotFound):
            client.limits.clear("key", "k")
        with pytest.raises(NotFound):
            client.queues.get("")
