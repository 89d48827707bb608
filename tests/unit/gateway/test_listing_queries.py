"""Which tasks to list, as the address says."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from unit.gateway.made import NOW_MS, task_id

from xqueue_common.lifecycle import Status
from xqueue_gateway.history.cursor import TASKS, Place
from xqueue_gateway.history.query import TaskQuery
from xqueue_gateway.http.query import task_query, wait_query
from xqueue_gateway.problems import Problem


def scope(query: str) -> Any:
    return {"query_string": query.encode()}


def test_nothing_said_lists_the_newest_fifty() -> None:
    assert task_query(scope("")) == TaskQuery(limit=50, offset=0)


def test_everything_may_be_asked_for_at_once() -> None:
    query = task_query(
        scope(
            urlencode(
                [
                    ("status", "success"),
                    ("status", "failed"),
                    ("queue", "images"),
                    ("type", "thumbnail"),
                    ("concurrency_key", "user 1"),
                    ("tenant", "acme"),
                    ("label", "team:a"),
                    ("label", "url:http://x"),
                    ("payload.user.id", "42"),
                    ("payload.an odd & name", ""),
                    ("created_after", "2030-01-01T00:00:00Z"),
                    ("created_before", "1900000000.5"),
                    ("task_id", task_id()),
                    ("limit", "200"),
                    ("offset", "10"),
                ]
            )
        )
    )

    assert query == TaskQuery(
        status=[Status.SUCCESS, Status.FAILED],
        queue="images",
        type="thumbnail",
        concurrency_key="user 1",
        tenant="acme",
        label=["team:a", "url:http://x"],
        payload={"payload.user.id": "42", "payload.an odd & name": ""},
        created_after=datetime(2030, 1, 1, tzinfo=UTC),
        created_before=datetime.fromtimestamp(1_900_000_000.5, UTC),
        task_id=[task_id()],
        limit=200,
        offset=10,
    )


def test_a_plus_in_a_time_zone_need_not_be_encoded() -> None:
    query = task_query(scope("created_after=2030-01-01T02:00:00+02:00"))

    assert query.created_after == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=success", "state"),
        ("status=done", "status"),
        ("status=", "status"),
        ("queue=a%20b", "queue"),
        ("queue=a%00", "queue"),
        ("queue=a&queue=b", "queue"),
        ("type=Upper", "type"),
        ("concurrency_key=%0a", "concurrency_key"),
        ("tenant=%2a", "tenant"),
        ("label=x", "label"),
        ("label=%00:x", "label"),
        ("payload=x", "payload"),
        ("payload.=x", "payload"),
        ("payload.%0a=x", "payload"),
        ("payload.a=%00", "payload"),
        (f"payload.a={'x' * 257}", "payload"),
        (f"payload.{'a' * 257}=x", "payload"),
        ("payload.a=1&payload.a=2", "payload.a"),
        ("&".join(f"payload.a{n}=1" for n in range(9)), "payload"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2030-01-01T00:00:00", "created_after"),
        ("created_before=1e30", "created_before"),
        ("created_before=nan", "created_before"),
        ("task_id=x", "task_id"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("offset=-1", "offset"),
        ("cursor=", "cursor"),
        ("cursor=abc&offset=1", "offset"),
        ("queue=%ff", "query"),
        ("&".join(["status=success"] * 501), "query"),
    ],
)
def test_a_parameter_that_is_not_valid_is_refused_by_name(query: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        task_query(scope(query))

    assert caught.value.kind.status == 422
    assert [error.field for error in caught.value.errors] == [field]
    assert caught.value.errors[0].hint


@pytest.mark.parametrize("query", ["wait=-1", "wait=61", "wait=x", "wait=", "wait=nan", "wait=1&wait=2", "wiat=1"])
def test_a_wait_that_is_not_valid_is_refused(query: str) -> None:
    with pytest.raises(Problem):
        wait_query(scope(query))


@pytest.mark.parametrize(("query", "seconds"), [("", 0), ("wait=0", 0), ("wait=0.5", 0.5), ("wait=60", 60)])
def test_a_wait_is_in_seconds(query: str, seconds: float) -> None:
    assert wait_query(scope(query)) == seconds


def test_a_cursor_comes_back_as_the_place_that_it_was_made_of() -> None:
    place = Place(NOW_MS, task_id())

    assert TASKS.place(TASKS.text(place)) == place


@pytest.mark.parametrize(
    "cursor", ["x", "????", "W10", "WzEsMl0", "é", "bnVsbA", "A" * 199, TASKS.text(Place(1, task_id()))[:-3]]
)
def test_a_cursor_that_is_none_of_ours_is_recognised(cursor: str) -> None:
    assert TASKS.place(cursor) is None
