"""Webhooks reach whoever asked to be told, signed, at least once, whatever the receivers do meanwhile."""

import asyncio
import random
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from integration.notifier.library import Library, library
from integration.notifier.played import PlayedScheduler, life, notifying, playing
from integration.notifier.receiver import Call, receiver, well
from standardwebhooks import WebhookVerificationError
from support.eventually import eventually
from unit.notifier.records import task, version

from xqueue_common.history.schema import deliveries
from xqueue_common.ids import new_task_id
from xqueue_common.lifecycle import Status
from xqueue_common.registry.records import Secret, Subscription
from xqueue_common.registry.registry import Registry
from xqueue_common.task import TaskSpec, Webhook
from xqueue_common.webhooks import read_delivery, replayed
from xqueue_embedded import Kafka
from xqueue_embedded.ports import free_port

OWN = f"whsec_{b64encode(b'o' * 32).decode()}"
FIRST, SECOND = (f"whsec_{b64encode(letter * 32).decode()}" for letter in (b"1", b"2"))
FAST: dict[str, Any] = {
    "notifier_sinks": "webhooks",
    "webhook_secret": OWN,
    "webhook_allow_private": True,
    "webhook_delays": "0.1,0.2,0.3,0.3,0.3,0.3,0.3,0.3,0.3",
    "webhook_timeout_s": 3,
}


@pytest.fixture(scope="module")
async def shared(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlayedScheduler]:
    """A notifier that most tests share, each as a tenant of its own, and the scheduler that it hears."""
    url = f"sqlite:///{tmp_path_factory.mktemp('webhooks') / 'history.db'}"
    async with (
        playing(kafka, f"t{secrets.token_hex(4)}") as played,
        notifying(played, history_url=url, webhook_open_s=0.2, **FAST),
    ):
        played.history_url = url
        yield played


@pytest.fixture
async def listed(shared: PlayedScheduler) -> AsyncIterator[Library]:
    """The history of the shared notifier."""
    async with library(shared.history_url) as seen:
        yield seen


def one_task(tenant: str, url: str | None = None, events: list[Status] | None = None, **spec: Any) -> TaskSpec:
    chosen = task(tenant=tenant, webhook=None if url is None else Webhook(url, events), **spec)
    return msgspec.structs.replace(chosen, task_id=new_task_id(0, chosen.created_ms, secrets.randbits(60)))


def subscription(tenant: str, url: str, secrets_: list[Secret] | None = None, **fields: Any) -> Subscription:
    webhook_id = f"wh_{secrets.token_hex(8)}"
    return Subscription(webhook_id, tenant, url, secrets_ or [Secret(FIRST)], **{"created_ms": 0, **fields})


async def states(listed: Library, spec: TaskSpec) -> list[tuple[str, str]]:
    rows = [row for row in await listed.all(deliveries) if row.task_id == spec.task_id]
    return sorted((row.event, row.state) for row in rows)


async def test_the_end_of_a_task_is_told_to_its_own_webhook(shared: PlayedScheduler, namespace: str) -> None:
    async with receiver().listening() as hook:
        spec = one_task(namespace, hook.url)
        await shared.run(spec)
        await eventually(lambda: hook.taken)
        [call] = hook.calls
        call.verify(OWN)
        assert call.headers["content-type"] == "application/json"
        assert (call.event["type"], call.event["data"]["task_id"]) == ("success", spec.task_id)
        assert call.event["timestamp"].endswith("Z")


async def test_other_events_are_told_if_they_are_asked_for(shared: PlayedScheduler, namespace: str) -> None:
    async with receiver().listening() as hook:
        await shared.run(one_task(namespace, hook.url, [Status.PENDING, Status.SUCCESS]))
        await eventually(lambda: len(hook.taken) == 2)
        assert sorted(call.event["type"] for call in hook.calls) == ["pending", "success"]


async def test_subscribers_are_told_of_their_tenants_tasks_only_and_operators_of_all(
    shared: PlayedScheduler, namespace: str
) -> None:
    async with receiver().listening() as mine, receiver().listening() as theirs, receiver().listening() as all_of:
        own, other = one_task(namespace, queue=namespace), one_task(f"{namespace}-other", queue=namespace)
        elsewhere = one_task(namespace, queue="elsewhere")
        await shared.register(
            subscription(namespace, mine.url, queue=namespace),
            subscription(f"{namespace}-other", theirs.url),
            subscription("*", all_of.url, queue=namespace),
        )
        # No waiting: who has subscribed before a task changes misses nothing of it.
        for spec in (elsewhere, own, other):
            await shared.run(spec)
        await eventually(lambda: (len(mine.taken), len(theirs.taken), len(all_of.taken)) == (1, 1, 2))
        assert (mine.tasks, theirs.tasks) == ([own.task_id], [other.task_id])
        assert sorted(all_of.tasks) == sorted([own.task_id, other.task_id])
        for call in mine.calls:
            call.verify(FIRST)


async def test_while_a_secret_is_rotated_both_sign(shared: PlayedScheduler, namespace: str) -> None:
    both = [Secret(SECOND), Secret(FIRST, until_ms=1 << 51), Secret(OWN, until_ms=1)]
    async with receiver().listening() as hook:
        await shared.register(subscription(namespace, hook.url, both))
        await shared.run(one_task(namespace))
        await eventually(lambda: hook.taken)
        hook.calls[0].verify(FIRST)
        hook.calls[0].verify(SECOND)
        with pytest.raises(WebhookVerificationError):
            hook.calls[0].verify(OWN)


async def test_every_delivery_arrives_at_receivers_that_fail_at_random(
    shared: PlayedScheduler, namespace: str
) -> None:
    chance = random.Random(7)

    async def moody(_call: Call) -> web.Response:
        return web.Response(status=chance.choice((200, 500, 429, 302, 204, 404)))

    async with receiver(moody).listening() as hook:
        specs = [one_task(namespace, hook.url) for _ in range(40)]
        await shared.tell(*(record for spec in specs for record in life(spec)))
        await eventually(lambda: set(hook.tasks) == {spec.task_id for spec in specs})
        for call in hook.calls:
            call.verify(OWN)


async def test_a_receiver_that_hangs_delays_no_other(shared: PlayedScheduler, namespace: str) -> None:
    released = asyncio.Event()

    async def hang(_call: Call) -> web.Response:
        await released.wait()
        return web.Response()

    async with receiver(hang).listening() as slow, receiver().listening() as fast:
        blocked = [one_task(namespace, slow.url) for _ in range(300)]
        lively = [one_task(namespace, fast.url) for _ in range(20)]
        await shared.tell(*(record for spec in [*blocked, *lively] for record in life(spec)))
        # More than have room at the slow one come first, and none of them has been answered so far.
        await eventually(lambda: len(fast.taken) == len(lively))
        assert not slow.taken
        released.set()
        await eventually(lambda: len(set(slow.tasks)) == len(blocked))


async def test_a_host_that_does_not_answer_is_left_alone_until_it_is_back(
    shared: PlayedScheduler, namespace: str
) -> None:
    hook = receiver()
    specs = [one_task(namespace, hook.url) for _ in range(50)]
    await shared.tell(*(record for spec in specs for record in life(spec)))
    async with receiver().listening() as other:
        await shared.run(one_task(namespace, other.url))
        await eventually(lambda: other.taken)
    async with hook.listening():
        await eventually(lambda: set(hook.tasks) == {spec.task_id for spec in specs})


async def test_redirects_are_not_followed(shared: PlayedScheduler, namespace: str, listed: Library) -> None:
    async with receiver().listening() as secret_place:

        def away(_call: Call) -> web.Response:
            return web.Response(status=307, headers={"location": secret_place.url})

        async with receiver(away).listening() as hook:
            spec = one_task(namespace, hook.url)
            await shared.run(spec)
            await eventually(lambda: state_is(listed, spec, "failed"))
            assert not secret_place.calls
            assert len(hook.calls) == 10
            [row] = [row for row in await listed.all(deliveries) if row.task_id == spec.task_id]
            assert {one.error for one in read_delivery(row.record.encode()).tries} == {
                "it answered 307: redirects are not followed"
            }
            assert row.attempts == 10


async def state_is(listed: Library, spec: TaskSpec, state: str) -> bool:
    return [now for _, now in await states(listed, spec)] == [state]


async def test_gone_disables_the_subscription(shared: PlayedScheduler, namespace: str, listed: Library) -> None:
    async with receiver(lambda _: web.Response(status=410)).listening() as hook:
        subscribed = subscription(namespace, hook.url)
        await shared.register(subscribed)
        spec = one_task(namespace)
        await shared.run(spec)
        await eventually(lambda: state_is(listed, spec, "failed"))
        assert len(hook.calls) == 1
        registry = Registry(shared.bootstrap, shared.topics.registry, client_id="test")
        await registry.start()
        await registry.stop()
        found = registry.view.subscription(subscribed.id)
        assert found is not None
        assert "410" in (found.disabled or "")


async def test_what_waits_for_a_subscription_that_was_removed_fails(
    shared: PlayedScheduler, namespace: str, listed: Library
) -> None:
    subscribed = subscription(namespace, f"http://127.0.0.1:{free_port()}/")
    await shared.register(subscribed)
    spec = one_task(namespace)
    await shared.run(spec)
    await eventually(lambda: states(listed, spec))
    await shared.forget(subscribed.id)
    await eventually(lambda: state_is(listed, spec, "failed"))


async def test_a_delivery_can_be_replayed(shared: PlayedScheduler, namespace: str, listed: Library) -> None:
    async with receiver().listening() as hook:
        spec = one_task(namespace, hook.url)
        await shared.run(spec)
        await eventually(lambda: state_is(listed, spec, "delivered"))
        [row] = [row for row in await listed.all(deliveries) if row.task_id == spec.task_id]
        again = replayed(read_delivery(row.record.encode()), row.updated_ms)
        await shared.append(shared.topics.deliveries, msgspec.json.encode(again), cell=1)
        await eventually(lambda: len(hook.calls) == 2)
        assert hook.calls[0].id == hook.calls[1].id == row.delivery_id
        assert hook.calls[0].body == hook.calls[1].body


async def test_records_that_cannot_be_read_stop_nothing(shared: PlayedScheduler, namespace: str) -> None:
    async with receiver().listening() as hook:
        for wait in (1, 2):
            await shared.append(shared.topics.deliveries, b"{", b'{"kind":"delivery"}', cell=wait)
        late = version(one_task(namespace, hook.url), 1, "success", at_ms=1 << 51)
        await shared.tell(late)
        await shared.run(one_task(namespace, hook.url))
        await eventually(lambda: hook.taken)
        await eventually(lambda: buried(shared, 5))


async def buried(shared: PlayedScheduler, least: int) -> bool:
    return len(await shared.dead()) >= least


async def test_nothing_is_lost_when_the_notifier_is_stopped_in_the_middle(
    scheduler: PlayedScheduler, sqlite_url: str, namespace: str
) -> None:
    moment = asyncio.Event()

    async def after_some(_call: Call) -> web.Response:
        if len(hook.calls) < 30:
            return web.Response(status=random.choice((200, 503)))
        moment.set()
        await asyncio.sleep(60)  # hangs until whoever calls is gone
        return web.Response()

    async with receiver(after_some).listening() as hook:
        specs = [one_task(namespace, hook.url) for _ in range(100)]
        await scheduler.tell(*(record for spec in specs for record in life(spec)))
        async with notifying(scheduler, history_url=sqlite_url, **FAST):
            await moment.wait()
        hook.answer = well
        assert len(set(hook.tasks)) < len(specs)
        async with notifying(scheduler, history_url=sqlite_url, **FAST):
            await eventually(lambda: set(hook.tasks) == {spec.task_id for spec in specs})


async def test_a_name_that_turns_private_is_refused(
    scheduler: PlayedScheduler, sqlite_url: str, namespace: str
) -> None:
    settings = {**FAST, "webhook_allow_private": False, "webhook_delays": "0.1"}
    async with receiver().listening() as hook, library(sqlite_url) as listed:
        # Any name would do that leads here: it is the address that is judged, when it is connected.
        spec = one_task(namespace, f"http://localhost:{hook.port}/")
        async with notifying(scheduler, history_url=sqlite_url, **settings):
            await scheduler.run(spec)
            await eventually(lambda: state_is(listed, spec, "failed"))
        [row] = await listed.all(deliveries)
        assert {one.error for one in read_delivery(row.record.encode()).tries} == {"its address is not public"}
        assert not hook.calls


async def test_without_a_database_webhooks_go_out_all_the_same(
    scheduler: PlayedScheduler, namespace: str, tmp_path: Path
) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/{tmp_path.name}"
    async with receiver().listening() as hook, notifying(scheduler, history_url=url, **FAST):
        await scheduler.run(one_task(namespace, hook.url))
        await eventually(lambda: hook.taken)
