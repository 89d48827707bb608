"""What one subscriber is told."""

import asyncio
import json
from typing import Any

import pytest
from unit.gateway.made import spec, state, task_id

from xqueue_common.lifecycle import Status
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.events import StatusEvent
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.messages import Request
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.subscriber import Subscriber


def only(**wanted: Any) -> Filter:
    return Filter(**{name: [value] for name, value in wanted.items()})


class Told:
    """A subscriber of the default tenant, and the hub that tells it."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.subscriber = Subscriber(self.hub, "default", most_bytes=100_000, wake=lambda: None)

    def wants(self, after: dict[str, int] | None = None, **wanted: Any) -> None:
        self.subscriber.subscribe(Request("subscribe", only(**wanted), after or {}))

    def happens(self, number: int = 1, status: str = "pending", version: int = 1, **fields: Any) -> None:
        self.hub.tell(StatusEvent(spec(number, **fields), state(status, version)))

    def heard(self) -> list[tuple[str, int]]:
        tasks = [json.loads(event.text)["task"] for event in self.subscriber.take(1_000_000)]
        return [(task["task_id"], task["version"]) for task in tasks]


async def test_without_a_wish_everything_of_the_tenant_is_told() -> None:
    told = Told()
    told.subscriber.subscribe_all()

    told.happens(1)
    told.happens(2, tenant="other")

    assert told.heard() == [(task_id(1), 1)]


async def test_the_first_wish_takes_the_place_of_everything() -> None:
    told = Told()
    told.subscriber.subscribe_all()
    told.wants(queue="images")

    told.happens(1)
    told.happens(2, queue="images")

    assert told.heard() == [(task_id(2), 1)]


async def test_later_wishes_are_added() -> None:
    told = Told()
    told.wants(queue="images")
    told.wants(task_id=task_id(1))

    told.happens(1)
    told.happens(2, queue="images")
    told.happens(3)

    assert told.heard() == [(task_id(1), 1), (task_id(2), 1)]


async def test_a_task_that_matches_twice_is_told_once() -> None:
    told = Told()
    told.wants(task_id=task_id(1))
    told.wants(queue="default")

    told.happens(1)

    assert told.heard() == [(task_id(1), 1)]


async def test_a_task_of_another_tenant_is_not_told_even_by_its_id() -> None:
    told = Told()
    told.wants(task_id=task_id(1))

    told.happens(1, tenant="other")

    assert told.heard() == []


async def test_versions_that_were_seen_are_not_told_again() -> None:
    told = Told()
    told.wants(task_id=task_id(1), after={task_id(1): 2})

    for version in (1, 2, 3, 3, 2, 4):
        told.happens(1, version=version)

    assert told.heard() == [(task_id(1), 3), (task_id(1), 4)]


async def test_a_wish_can_be_taken_back_alone_or_with_all_others() -> None:
    told = Told()
    told.wants(queue="images")
    told.wants(status=Status.SUCCESS)

    told.subscriber.unsubscribe(only(queue="images"))
    told.happens(1, queue="images")
    told.happens(2, "success")
    assert told.heard() == [(task_id(2), 1)]

    told.subscriber.unsubscribe(Filter())
    told.happens(3, "success")
    assert told.heard() == []


async def test_taking_back_one_wish_for_a_task_leaves_another_for_it() -> None:
    told = Told()
    told.wants(task_id=task_id(1), status=Status.SUCCESS)
    told.wants(task_id=task_id(1), status=Status.FAILED)

    told.subscriber.unsubscribe(only(task_id=task_id(1), status=Status.FAILED))
    told.happens(1, "failed", 2)
    told.happens(1, "success", 3)

    assert told.heard() == [(task_id(1), 3)]


async def test_whoever_leaves_is_forgotten() -> None:
    told = Told()
    told.wants(task_id=task_id(1))
    told.wants(queue="default")

    told.subscriber.leave()

    assert told.hub.audience(spec(1)) == set()


async def test_a_subscriber_may_not_want_without_end() -> None:
    told = Told()
    for number in range(100):
        told.wants(queue=f"q{number}")

    with pytest.raises(Problem):
        told.wants(queue="one-more")


async def test_tasks_named_and_taken_back_leave_nothing_behind() -> None:
    told = Told()
    for number in range(1, 3_000):
        told.wants(task_id=task_id(number))
        told.happens(number)
        told.subscriber.unsubscribe(only(task_id=task_id(number)))

    told.wants(task_id=task_id(1))


async def test_a_reader_so_slow_that_even_ends_pile_up_is_sent_away() -> None:
    told = Told()
    told.subscriber.subscribe_all()
    for number in range(1, 500):
        told.happens(number, "success")

    assert told.subscriber.overflown
    assert not told.subscriber.waits


async def test_a_watch_sees_the_state_that_it_waits_for() -> None:
    hub = Hub()
    with hub.watch(task_id(1)) as watch:
        waiting = asyncio.create_task(watch.until(lambda at: at.ended, 30))
        await asyncio.sleep(0)
        hub.tell(StatusEvent(spec(1), state("processing", 2)))
        await asyncio.sleep(0)
        hub.tell(StatusEvent(spec(1), state("success", 3)))
        seen = await waiting

    assert seen is not None
    assert seen.version == 3
    assert hub.audience(spec(1)) == set()


async def test_a_watch_ends_when_the_gateway_does() -> None:
    hub = Hub()
    with hub.watch(task_id(1)) as watch:
        waiting = asyncio.create_task(watch.until(lambda at: at.ended, 30))
        await asyncio.sleep(0)
        hub.close()
        assert await waiting is None

    with hub.watch(task_id(1)) as late:
        assert await late.until(lambda at: at.ended, 30) is None
