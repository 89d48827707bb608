"""Dead letters, and tasks that depend on others, as the SDK asks for them."""

from typing import Any

import httpx2
import msgspec
from unit.client.answering import SNAPSHOT, URL, Answering, json

from xqueue_client import AsyncClient, Client, Submission
from xqueue_client.http import calls

ERROR = {"status": 409, "title": "no", "detail": "it was run again", "errors": []}
ANSWER: dict[str, Any] = {
    "redriven": 1,
    "remaining": 3,
    "items": [{"task_id": "n1", "retry_of": "t1"}, {"task_id": "t2", "error": ERROR}],
}


def page(task_id: str, cursor: str | None) -> httpx2.Response:
    return json(200, {"items": [{**SNAPSHOT, "task_id": task_id}], "total": 2, "next_cursor": cursor})


def asked(gateway: Answering) -> list[str]:
    return [f"{one.method} {one.url.raw_path.decode().removeprefix('/api/v1')}" for one in gateway.asked]


def test_letters_are_read_page_after_page() -> None:
    gateway = Answering([page("t1", "next"), page("t2", None)])

    with Client(URL, transport=gateway.transport) as client:
        assert [letter.task_id for letter in client.dead_letters.list("a b", page_size=1)] == ["t1", "t2"]

    path = "GET /queues/a%20b/dead-letters?limit=1"
    assert asked(gateway) == [path, f"{path}&cursor=next"]


def test_what_became_of_each_letter_is_told() -> None:
    gateway = Answering([json(202, ANSWER), json(202, ANSWER), httpx2.Response(204)])

    with Client(URL, transport=gateway.transport) as client:
        redriven = client.dead_letters.redrive("q", ["t1", "t2"])
        client.dead_letters.redrive("q")
        client.dead_letters.purge("q")

    assert [(task.task_id, task.retry_of) for task in redriven.tasks] == [("n1", "t1")]
    assert [(letter.task_id, letter.error.status) for letter in redriven.rejected] == [("t2", 409)]
    assert redriven.remaining == 3
    path = "/queues/q/dead-letters"
    assert asked(gateway) == [f"POST {path}/redrive", f"POST {path}/redrive", f"DELETE {path}"]
    assert msgspec.json.decode(gateway.asked[0].content) == {"task_ids": ["t1", "t2"]}
    assert gateway.asked[1].content == b""


async def test_asyncio_asks_the_same() -> None:
    gateway = Answering([page("t1", None), json(202, ANSWER), httpx2.Response(204)])

    async with AsyncClient(URL, transport=gateway.transport) as client:
        assert [letter.task_id async for letter in client.dead_letters.list("q")] == ["t1"]
        assert (await client.dead_letters.redrive("q")).remaining == 3
        await client.dead_letters.purge("q")

    path = "/queues/q/dead-letters"
    assert asked(gateway) == [f"GET {path}?limit=200", f"POST {path}/redrive", f"DELETE {path}"]


def test_tasks_are_taken_for_their_ids() -> None:
    gateway = Answering([json(202, SNAPSHOT), json(202, SNAPSHOT)])

    with Client(URL, transport=gateway.transport) as client:
        first = client.submit("example")
        client.submit("example", depends_on=[first, "t9"], on_failure="run")

    assert gateway.bodies[1]["depends_on"] == ["t1", "t9"]
    assert gateway.bodies[1]["on_failure"] == "run"


def test_places_are_those_among_all_whatever_part_they_go_out_in() -> None:
    many = [Submission(type="noop", depends_on=[n - 1] if n else ["t9"]) for n in range(1_002)]
    parts = [
        json(202, {"items": [{"index": n, "task_id": f"t{first + n}"} for n in range(count)]})
        for first, count in ((0, 1_000), (1_000, 2))
    ]
    gateway = Answering(parts)

    with Client(URL, transport=gateway.transport) as client:
        client.submit_many(many)

    first, second = ([one["depends_on"] for one in body["tasks"]] for body in gateway.bodies)
    assert (first[0], first[1], first[999]) == (["t9"], [0], [998])
    assert second == [["t999"], [0]]


def test_a_place_that_goes_out_later_is_left_to_the_gateway_to_refuse() -> None:
    [part] = calls.batches([Submission(type="noop", depends_on=[5_000])])

    assert msgspec.json.decode(part.items[0])["depends_on"] == [5_000]
