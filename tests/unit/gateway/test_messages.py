"""What a subscriber may say, in a message or in the address."""

import json
from typing import Any

import pytest
from unit.gateway.made import task_id

from xqueue_common.lifecycle import Status
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.messages import Request, read_message, read_query
from xqueue_gateway.push.selection import Filter


def message(**fields: Any) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": json.dumps(fields)}


def test_a_subscription_without_a_filter_is_for_everything() -> None:
    assert read_message(message(op="subscribe")) == Request("subscribe", Filter(), {})


def test_a_filter_takes_one_value_or_several() -> None:
    wanted = {"task_id": task_id(), "status": ["success", "failed"]}

    request = read_message(message(op="subscribe", filter=wanted, after={task_id(): 3}))

    assert request.filter == Filter(task_id=[task_id()], status=[Status.SUCCESS, Status.FAILED])
    assert request.after == {task_id(): 3}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "op"),
        ({"op": "dance"}, "op"),
        ({"op": "subscribe", "filters": {}}, "filters"),
        ({"op": "subscribe", "filter": []}, "filter"),
        ({"op": "subscribe", "filter": {"task": "x"}}, "filter.task"),
        ({"op": "subscribe", "filter": {"queue": 5}}, "filter[...]"),
        ({"op": "subscribe", "filter": {"task_id": "x"}}, "filter.task_id"),
        ({"op": "subscribe", "filter": {"status": "done"}}, "filter.status"),
        ({"op": "subscribe", "filter": {"queue": ""}}, "filter.queue"),
        ({"op": "subscribe", "filter": {"queue": []}}, "filter.queue"),
        ({"op": "subscribe", "filter": {"label": "no colon"}}, "filter.label"),
        ({"op": "subscribe", "after": {"x": 1}}, "after"),
        ({"op": "subscribe", "after": {task_id(): -1}}, "after[...]"),
        ({"op": "subscribe", "after": {task_id(): "1"}}, "after[...]"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as caught:
        read_message(message(**said))

    assert caught.value.kind.status == 422
    assert field in [error.field for error in caught.value.errors]


@pytest.mark.parametrize(
    "raw",
    [
        {"text": "subscribe"},
        {"text": ""},
        {"text": "["},
        {"text": '{"op": "\\ud800"}'},
        {"text": "[" * 10_000},
        {"bytes": b'{"op": "subscribe"}'},
    ],
)
def test_what_is_no_message_is_said_to_be_none(raw: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        read_message(raw)

    assert caught.value.kind.status == 400


def test_an_address_without_parameters_asks_for_nothing_in_particular() -> None:
    assert read_query(b"") is None


def test_the_address_may_hold_a_filter() -> None:
    request = read_query(b"queue=images&status=success&status=failed&label=team%3Aa")

    assert request
    assert request.filter == Filter(queue=["images"], status=[Status.SUCCESS, Status.FAILED], label=["team:a"])


def test_the_address_may_say_what_was_seen() -> None:
    plain = read_query(f"task_id={task_id()}&after=3".encode())
    named = read_query(f"task_id={task_id()}&task_id={task_id(2)}&after={task_id(2)}:5".encode())

    assert plain
    assert plain.after == {task_id(): 3}
    assert named
    assert named.after == {task_id(2): 5}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=success", "state"),
        ("status=done", "status"),
        ("task_id=x", "task_id"),
        ("queue=", "queue"),
        ("label=x", "label"),
        (f"task_id={task_id()}&after=x", "after"),
        ("after=3", "after"),
        ("queue=%ff", "query"),
        ("queue=%00", "queue"),
        ("&".join(["queue=a"] * 1_001), "query"),
        ("&".join(["queue=a"] * 201), "queue"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(query: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        read_query(query.encode())

    assert caught.value.kind.status == 422
    assert [error.field for error in caught.value.errors] == [field]
