"""Waiting for the end of a task."""

import pytest
from unit.client.answering import SNAPSHOT as TASK
from unit.client.answering import Answering, json, problem, snapshot

from xqueue_client import AsyncClient, Client, NotFinished, TaskFailed
from xqueue_client.patience import Patience

ERROR = {"kind": "final", "message": "no such picture", "retryable": False}
DONE = {"status": "success", "version": 3, "result": {"a": [1, None]}}


def test_a_result_is_what_the_handler_returned() -> None:
    gateway = Answering([snapshot(), snapshot(status="processing"), snapshot(**DONE)])

    with Client("http://gateway", transport=gateway.transport) as client:
        assert client.submit("example").result() == {"a": [1, None]}

    assert [request.url.params.get("wait") for request in gateway.asked[1:]] == ["30.000", "30.000"]


async def test_asyncio_gets_the_same() -> None:
    gateway = Answering([snapshot(), snapshot(status="processing"), snapshot(**DONE)])

    async with AsyncClient("http://gateway", transport=gateway.transport) as client:
        assert await (await client.submit("example")).result() == {"a": [1, None]}


async def test_a_task_is_waited_for_by_its_id() -> None:
    answers = [snapshot(), snapshot(**DONE)]

    with Client("http://gateway", transport=Answering(answers).transport) as client:
        assert client.wait("t1").succeeded
    async with AsyncClient("http://gateway", transport=Answering(answers).transport) as client:
        assert (await client.wait("t1")).succeeded


def test_a_failure_says_why() -> None:
    gateway = Answering([snapshot(status="failed", error=ERROR)])

    with (
        Client("http://gateway", transport=gateway.transport) as client,
        pytest.raises(TaskFailed, match="t1 ended as failed: final: no such picture") as caught,
    ):
        client.get("t1").result()

    assert caught.value.snapshot.error is not None


@pytest.mark.parametrize("status", ["canceled", "timeout"])
def test_any_other_end_is_no_result_either(status: str) -> None:
    gateway = Answering([snapshot(status=status)])

    with (
        Client("http://gateway", transport=gateway.transport) as client,
        pytest.raises(TaskFailed, match=f"ended as {status}"),
    ):
        client.get("t1").result()


async def test_a_task_that_does_not_end_in_time_tells_how_it_stands() -> None:
    answers = [snapshot(), snapshot(status="processing", version=2)]

    with (
        Client("http://gateway", transport=Answering(answers).transport) as client,
        pytest.raises(NotFinished) as caught,
    ):
        client.get("t1").wait(0)
    async with AsyncClient("http://gateway", transport=Answering(answers).transport) as client:
        with pytest.raises(NotFinished):
            await client.wait("t1", 0)

    assert caught.value.snapshot.version == 2


def test_a_task_that_has_ended_is_not_asked_about_again() -> None:
    gateway = Answering([snapshot(**DONE)])

    with Client("http://gateway", transport=gateway.transport) as client:
        assert client.get("t1").wait(0).succeeded


def test_the_last_request_is_as_short_as_what_is_left() -> None:
    now = [0.0]
    patience = Patience(70.0, clock=lambda: now[0])

    first = patience.next()
    now[0] = 60.0

    assert (first, patience.next(), patience.over) == (30.0, 10.0, False)
    now[0] = 71.0
    assert (patience.next(), patience.over) == (0.0, True)


def test_pages_are_read_as_they_are_asked_for() -> None:
    first = {"items": [dict(TASK, task_id="a")], "total": 2, "next_cursor": "c"}
    second = {"items": [dict(TASK, task_id="b")], "total": 2, "next_cursor": None}
    gateway = Answering([json(200, first), json(200, second), problem(500)])

    with Client("http://gateway", transport=gateway.transport) as client:
        tasks = client.list(page_size=1, status=["success", "failed"], labels={"team": "a"})
        assert next(tasks).task_id == "a"
        assert len(gateway.asked) == 1
        assert [task.task_id for task in tasks] == ["b"]

    assert gateway.asked[0].url.params.multi_items() == [
        ("status", "success"),
        ("status", "failed"),
        ("label", "team:a"),
        ("limit", "1"),
    ]
    assert gateway.asked[1].url.params["cursor"] == "c"
