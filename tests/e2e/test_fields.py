"""What a submission says is what happens: payloads, priorities, limits, timeouts, retries."""

from typing import Any

import msgspec
import pytest
from integration.gateway.running import Door
from support.eventually import eventually

from xqueue_client import AsyncClient, RetryPolicy, StatusEvent, Submission

AT_ONCE = RetryPolicy(backoff="fixed", base=0.01, jitter=0)

PAYLOADS: list[Any] = [
    None,
    True,
    0,
    -1.5,
    2**53 + 1,
    "",
    'Gruß ☃ 𝄞 "quoted" \\ \u0000',
    [],
    {},
    {"a": {"b": [1, {"c": None}]}, "": "empty name", "ключ": [[]]},
    {"long": "x" * 200_000},
]


@pytest.mark.parametrize("task_type", ["example", "example_task"])
async def test_a_payload_comes_back_as_it_was(client: AsyncClient, task_type: str) -> None:
    submitted = await client.submit_many(Submission(type=task_type, payload=payload) for payload in PAYLOADS)

    results = [(await client.wait(task_id, 60)).result for task_id in submitted.task_ids]

    assert results == PAYLOADS
    assert [type(result) for result in results] == [type(payload) for payload in PAYLOADS]


async def test_every_field_is_shown_again(client: AsyncClient) -> None:
    task = await client.submit(
        "noop",
        queue="images",
        priority=200,
        max_retry=7,
        concurrency_key="customer-7",
        max_concurrency=2,
        labels={"team": "a", "job": "nightly"},
    )
    snapshot = await task.wait(60)

    assert (snapshot.type, snapshot.queue, snapshot.priority, snapshot.max_retry) == ("noop", "images", 200, 7)
    assert (snapshot.concurrency_key, snapshot.labels) == ("customer-7", {"team": "a", "job": "nightly"})
    assert snapshot.started_at is not None
    assert snapshot.finished_at is not None
    assert snapshot.created_at <= snapshot.finished_at


async def test_defaults_are_those_of_the_contract(client: AsyncClient, namespace: str) -> None:
    snapshot = (await client.submit("noop")).snapshot

    assert (snapshot.queue, snapshot.priority, snapshot.max_retry) == ("default", 0, 3)
    assert (snapshot.tenant, snapshot.concurrency_key, snapshot.labels) == (namespace, None, {})


async def test_a_higher_priority_runs_first(client: AsyncClient) -> None:
    limit: Any = {"concurrency_key": "one", "max_concurrency": 1}
    holder = await client.submit("sleep", {"seconds": 600}, **limit)
    tasks = {
        priority: await client.submit("sleep", {"seconds": 0.05}, priority=priority, **limit)
        for priority in (1, 9, 0, 255, 5)
    }
    await holder.cancel()

    ended = {priority: await task.wait(60) for priority, task in tasks.items()}

    started = {priority: snapshot.started_at for priority, snapshot in ended.items()}
    assert sorted(started, key=lambda priority: str(started[priority])) == [255, 9, 5, 1, 0]


async def test_equal_priorities_run_in_order_of_submission(client: AsyncClient) -> None:
    limit: Any = {"concurrency_key": "one", "max_concurrency": 1}
    tasks = [await client.submit("sleep", {"seconds": 0.05}, **limit) for _ in range(5)]

    started = [(await task.wait(60)).started_at for task in tasks]

    assert started == sorted(started, key=str)


@pytest.mark.parametrize("limit", [1, 3])
async def test_a_limit_holds_at_every_moment_and_is_used(client: AsyncClient, limit: int) -> None:
    tasks = [
        Submission(type="sleep", payload={"seconds": 0.1}, concurrency_key="key", max_concurrency=limit)
        for _ in range(4 * limit)
    ]
    ids = (await client.submit_many(tasks)).task_ids
    for task_id in ids:
        assert (await client.wait(task_id, 60)).succeeded

    assert await most_at_once(client, ids) == limit


async def most_at_once(client: AsyncClient, ids: list[str]) -> int:
    """Return how many of these tasks held a slot at once, by the scheduler's own record of when."""
    changes = []
    for task_id in ids:
        steps = await eventually(lambda task_id=task_id: whole_history(client, task_id))
        granted = next(step.at for step in steps if step.reason == "granted")
        changes += [(granted, 1), (steps[-1].at, -1)]
    running = most = 0
    for _, change in sorted(changes):  # of changes at the same moment, ends come first
        running += change
        most = max(most, running)
    return most


async def whole_history(client: AsyncClient, task_id: str) -> list[Any]:
    steps = await client.history(task_id)
    return steps if steps[0].version == 1 and steps[-1].status == "success" else []


async def test_keys_do_not_hold_each_other_back(client: AsyncClient) -> None:
    holder = await client.submit("sleep", {"seconds": 600}, concurrency_key="a", max_concurrency=1)
    other = await client.submit("noop", concurrency_key="b", max_concurrency=1)

    assert (await other.wait(60)).succeeded
    await holder.cancel()


async def test_who_waits_longer_than_its_queue_timeout_ends_as_timeout(client: AsyncClient) -> None:
    limit: Any = {"concurrency_key": "one", "max_concurrency": 1}
    holder = await client.submit("sleep", {"seconds": 600}, **limit)
    late = await client.submit("noop", queue_timeout=0.1, **limit)

    assert (await late.wait(60)).status == "timeout"
    await holder.cancel()


async def test_nobody_runs_an_unknown_type(client: AsyncClient) -> None:
    task = await client.submit("nobody-runs-this", queue_timeout=0.1)

    assert (await task.wait(60)).status == "timeout"


async def test_who_runs_longer_than_its_process_timeout_fails(client: AsyncClient) -> None:
    task = await client.submit("sleep", {"seconds": 600}, process_timeout=0.1, max_retry=0)
    ended = await task.wait(60)

    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.kind == "process_timeout"


async def test_a_failed_attempt_is_tried_again(client: AsyncClient) -> None:
    task = await client.submit("fail", {"message": "not yet", "times": 2}, retry=AT_ONCE)
    ended = await task.wait(60)

    assert (ended.status, ended.attempt) == ("success", 3)


async def test_retries_are_counted(client: AsyncClient) -> None:
    task = await client.submit("fail", {"message": "never"}, retry=AT_ONCE, max_retry=2)
    ended = await task.wait(60)

    assert (ended.status, ended.attempt) == ("failed", 3)
    assert ended.error is not None
    assert ended.error.message.endswith("never")


async def test_a_waiting_task_becomes_visible_with_its_place(client: AsyncClient) -> None:
    limit: Any = {"concurrency_key": "one", "max_concurrency": 1}
    holder = await client.submit("sleep", {"seconds": 600}, **limit)
    waiting = [await client.submit("noop", **limit) for _ in range(3)]

    positions = [(await task.refresh()).position for task in waiting]
    await holder.cancel()

    assert all(position is not None for position in positions)
    assert positions == sorted(positions, key=lambda position: position or 0)


async def test_the_end_is_pushed_to_who_watches(client: AsyncClient) -> None:
    task = await client.submit("sleep", {"seconds": 0.2})

    versions = [
        event.task.version async for event in client.watch(task_id=task.id) if isinstance(event, StatusEvent)
    ]

    assert versions == sorted(set(versions))
    assert versions[-1] == (await task.refresh()).version


async def test_bad_fields_are_named_and_nothing_is_submitted(door: Door) -> None:
    answer = await door.post({"type": "noop", "priority": 256, "max_concurrency": 0, "prioriti": 1})
    problem = msgspec.json.decode(answer.content)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in problem["errors"]} & {"priority", "max_concurrency", "prioriti"}
    assert (await door.get("/api/v1/tasks")).json()["total"] == 0
