"""Many submissions go out in parts, and come back as one."""

import msgspec
from unit.client.answering import Answering, door, json

from xqueue_client import Client, InvalidRequest, Submission
from xqueue_client.http import calls

BIG = "x" * (3 * 1024 * 1024)


def noops(count: int) -> list[Submission]:
    return [Submission(type="noop", payload=n) for n in range(count)]


def accepted(first: int, count: int) -> dict[str, object]:
    return {"items": [{"index": n, "task_id": f"t{first + n}"} for n in range(count)]}


def test_a_part_has_a_thousand_at_most() -> None:
    parts = list(calls.batches(noops(2_001)))

    assert [(part.first, len(part.items)) for part in parts] == [(0, 1_000), (1_000, 1_000), (2_000, 1)]


def test_a_part_is_small_enough_for_a_gateway() -> None:
    big = [Submission(type="noop", payload=BIG) for _ in range(3)]

    assert [(part.first, len(part.items)) for part in calls.batches(big)] == [(0, 2), (2, 1)]


def test_nothing_is_no_part() -> None:
    assert list(calls.batches([])) == []


def test_parts_have_keys_of_their_own_made_of_one() -> None:
    gateway = Answering([json(202, accepted(0, 1_000)), json(202, accepted(1_000, 1))])

    with Client("http://gateway", transport=gateway.transport) as client:
        submitted = client.submit_many(noops(1_001), idempotency_key="mine")

    assert gateway.keys == ["mine.0", "mine.1000"]
    assert submitted.task_ids == [f"t{n}" for n in range(1_001)]
    assert [body["tasks"][0] for body in gateway.bodies] == [
        {"type": "noop", "payload": 0},
        {"type": "noop", "payload": 1_000},
    ]


def test_what_was_rejected_is_named_by_its_place_among_all() -> None:
    error = {"status": 422, "title": "no", "errors": [{"field": "type", "message": "bad"}]}
    answer = {"items": [{"index": 0, "task_id": "t"}, {"index": 1, "error": error}]}
    [part] = calls.batches(noops(2))
    call = calls.submit_batch(part._replace(first=1_000), "key")

    submitted = door(Answering([json(202, answer)]), lambda _: None).send(call)

    [rejected] = submitted.rejected
    assert (rejected.index, str(rejected.error)) == (1_001, "type: bad")
    assert isinstance(rejected.error, InvalidRequest)
    assert submitted.task_ids == ["t"]


def test_what_was_not_said_is_not_sent() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Submission(type="noop", queue_timeout=None))) == {
        "type": "noop",
        "queue_timeout": None,
    }
