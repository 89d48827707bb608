from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count

import msgspec
import pytest
from integration.notifier.played import PlayedScheduler, notifying
from integration.notifier.subscriber import subscribed
from msgspec import Raw
from support.eventually import eventually
from support.mosquitto import begin_tool
from unit.notifier.records import progress, task, version

from xqueue_common.codec import encode
from xqueue_embedded import Mosquitto

ONE, TWO, THREE = task(1), task(2), task(3)
LAST = task(99)


@pytest.fixture
async def notifier(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str, sqlite_url: str
) -> AsyncIterator[None]:
    """A notifier whose topics begin with the test's name."""
    async with notifying(
        scheduler, mqtt_port=mosquitto.port, mqtt_prefix=f"{namespace}/", history_url=sqlite_url, mqtt_lag_s=60
    ):
        yield


@pytest.mark.usefixtures("notifier")
async def test_every_version_is_told_to_those_who_follow_the_task_and_the_state(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/#") as subscriber:
        await scheduler.take()
        await scheduler.run(ONE)
        topic = f"{namespace}/task/status/{ONE.task_id}"
        await eventually(lambda: len(subscriber.heard) == 6)

        assert subscriber.versions(topic) == [1, 2, 3]
        assert [heard.snapshot["status"] for heard in subscriber.on(topic)] == ["pending", "processing", "success"]
        for status, number in (("pending", 1), ("processing", 2), ("success", 3)):
            assert subscriber.versions(f"{namespace}/task/status/status/{status}") == [number]
        assert {heard.qos for heard in subscriber.heard} == {1}


@pytest.mark.usefixtures("notifier")
async def test_progress_is_told_on_a_topic_of_its_own(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/task/progress/+") as subscriber:

        async def heard() -> bool:
            await scheduler.report(progress(ONE, 40))  # soft: what comes before the broker is connected is dropped
            return bool(subscriber.heard)

        await eventually(heard)

        first = subscriber.heard[0]
        assert first.topic == f"{namespace}/task/progress/{ONE.task_id}"
        assert first.snapshot["progress"] == {"percent": 40.0, "message": "on its way"}


@pytest.mark.usefixtures("notifier")
async def test_the_tools_of_mosquitto_see_the_same(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    arguments = ("-h", mosquitto.host, "-p", str(mosquitto.port), "-t", f"{namespace}/#", "-F", "%t %p", "-C", "30")
    tool = await begin_tool("mosquitto_sub", *arguments, stdout=PIPE)
    numbers = count()

    async def heard_enough() -> bool:
        spec = task(next(numbers))  # the tool does not say when it has subscribed: what comes before is not heard
        await scheduler.run(spec)
        await scheduler.report(progress(spec, 40))
        return tool.returncode is not None

    try:
        await eventually(heard_enough)
    finally:
        with suppress(ProcessLookupError):
            tool.kill()
        output, _ = await tool.communicate()
    told = [line.split(" ", 1) for line in output.decode().splitlines()]
    kinds = {topic.removeprefix(f"{namespace}/task/").rpartition("/")[0] for topic, _ in told}
    assert kinds == {"status", "status/status", "progress"}
    assert all(
        msgspec.json.decode(payload)["task_id"] in topic for topic, payload in told if "status/s" not in topic
    )


@pytest.mark.usefixtures("notifier")
async def test_only_the_terminal_status_stays_and_expires(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/#") as during:
        await scheduler.run(ONE)
        await scheduler.tell(version(TWO, 1, "pending"))
        await eventually(lambda: len(during.heard) == 8)

    async with subscribed(mosquitto.port, f"{namespace}/#") as afterwards:
        await eventually(lambda: afterwards.heard)

        [kept] = afterwards.heard
        assert kept.topic == f"{namespace}/task/status/{ONE.task_id}"
        assert kept.snapshot["status"] == "success"
        assert kept.retained
        assert kept.expires_s is not None
        assert kept.expires_s <= 3_600


@pytest.mark.usefixtures("notifier")
async def test_what_a_replaced_scheduler_still_writes_is_not_told(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber:
        old = await scheduler.take()
        await scheduler.tell(version(ONE, 1, "pending", epoch=old))
        await scheduler.take()
        await scheduler.tell(version(ONE, 2, "canceled", epoch=old), version(TWO, 1, "pending", epoch=old))
        await scheduler.tell(version(ONE, 2, "processing", epoch=scheduler.epoch))
        await scheduler.run(LAST)

        await eventually(lambda: subscriber.versions(f"{namespace}/task/status/{LAST.task_id}") == [1, 2, 3])
        told = subscriber.on(f"{namespace}/task/status/{ONE.task_id}")
        assert [heard.snapshot["status"] for heard in told] == ["pending", "processing"]
        assert not subscriber.on(f"{namespace}/task/status/{TWO.task_id}")


@pytest.mark.usefixtures("notifier")
async def test_what_comes_again_is_told_once(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber:
        await scheduler.take()
        await scheduler.run(ONE)
        await scheduler.take()
        await scheduler.run(ONE)
        await scheduler.tell(version(TWO, 1, epoch=scheduler.epoch, payload=Raw(b"{}")))
        await scheduler.run(LAST)

        await eventually(lambda: subscriber.versions(f"{namespace}/task/status/{LAST.task_id}") == [1, 2, 3])
        assert subscriber.versions(f"{namespace}/task/status/{ONE.task_id}") == [1, 2, 3]
        assert not subscriber.on(f"{namespace}/task/status/{TWO.task_id}")


@pytest.mark.usefixtures("notifier")
async def test_a_record_that_cannot_be_read_holds_nothing_up(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber:
        await scheduler.append(scheduler.topics.status, b"nonsense", encode(version(ONE, 1)))

        await eventually(lambda: subscriber.versions(f"{namespace}/task/status/{ONE.task_id}") == [1])
        assert "notifier.mqtt" in {record["by"] for record in await scheduler.dead()}


@pytest.mark.usefixtures("notifier")
async def test_a_record_that_can_be_read_but_not_told_is_buried_and_holds_nothing_up(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str
) -> None:
    async with subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber:
        await scheduler.tell(version(ONE, 1, started_ms=1 << 52), version(TWO, 1))

        await eventually(lambda: subscriber.versions(f"{namespace}/task/status/{TWO.task_id}") == [1])
        [buried] = await scheduler.dead()
        assert "cannot be told" in buried["reason"]


async def test_a_restart_leaves_no_gap_and_repeats_nothing_that_was_committed(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str, sqlite_url: str
) -> None:
    settings = {
        "mqtt_port": mosquitto.port,
        "mqtt_prefix": f"{namespace}/",
        "history_url": sqlite_url,
        "mqtt_lag_s": 60,
    }
    topics = [f"{namespace}/task/status/{spec.task_id}" for spec in (ONE, TWO, THREE)]
    async with subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber:
        async with notifying(scheduler, **settings):
            await scheduler.run(ONE)
            await eventually(lambda: subscriber.versions(topics[0]) == [1, 2, 3])
        await scheduler.run(TWO)
        async with notifying(scheduler, **settings):
            await scheduler.run(THREE)
            await eventually(lambda: subscriber.versions(topics[2]) == [1, 2, 3])

        assert [subscriber.versions(topic) for topic in topics] == [[1, 2, 3]] * 3


async def test_while_it_lags_only_the_last_version_of_a_task_is_told(
    scheduler: PlayedScheduler, mosquitto: Mosquitto, namespace: str, sqlite_url: str
) -> None:
    specs = [task(number) for number in range(20)]
    for spec in specs:
        await scheduler.run(spec)
    async with (
        subscribed(mosquitto.port, f"{namespace}/task/status/+") as subscriber,
        notifying(
            scheduler, mqtt_port=mosquitto.port, mqtt_prefix=f"{namespace}/", history_url=sqlite_url, mqtt_lag_s=0
        ),
    ):
        topics = [f"{namespace}/task/status/{spec.task_id}" for spec in specs]
        await eventually(lambda: all(subscriber.versions(topic)[-1:] == [3] for topic in topics))

        assert all(subscriber.on(topic)[-1].snapshot["status"] == "success" for topic in topics)
        assert len(subscriber.heard) < 60
