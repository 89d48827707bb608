"""Subscriptions are made, changed and rotated; deliveries are listed and told again."""

from base64 import b64decode
from typing import Any

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from msgspec import Raw, structs

from xqueue_common.kafka.tail import Tail
from xqueue_common.lifecycle import Status
from xqueue_common.registry.records import ANY_TENANT, Registered, Secret, Subscription
from xqueue_common.registry.registry import Registry
from xqueue_common.webhooks import Delivery, DeliveryState, Try, delivery_id, read_delivery

ALL = "/api/v1/webhooks"
URL = "https://example.com/hook"


async def made(door: Door, **fields: Any) -> dict[str, Any]:
    answer = await door.post({"url": URL, **fields}, ALL)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{ALL}/{answer.json()['id']}"
    webhook: dict[str, Any] = answer.json()
    return webhook


def delivery(tenant: str, task_id: str, number: int = 1, **fields: Any) -> Delivery:
    shape = Delivery(
        id=delivery_id(f"{task_id}:{number}", fields.get("subscription")),
        task_id=task_id,
        tenant=tenant,
        owner=tenant,
        event=Status.SUCCESS,
        url=URL,
        state=DeliveryState.FAILED,
        body=Raw(b'{"type":"success"}'),
        created_ms=number,
        begun_ms=number,
        updated_ms=1_000,
        attempts=10,
        waits=9,
        tries=(Try(1_000, 500, 502, "it answered 502"), Try(2_000, 30_000, None, "no answer within 30 s")),
    )
    return structs.replace(shape, **fields)


async def test_a_subscription_is_made_read_changed_and_removed(door: Door) -> None:
    webhook = await made(door, events=["failed"], queue="q", description="pages the night shift")
    secret = webhook.pop("secret")
    assert len(b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    path = f"{ALL}/{webhook['id']}"
    assert (await door.get(path)).json() == webhook
    assert (await door.get(ALL)).json() == {"items": [webhook]}
    assert (webhook["events"], webhook["queue"], webhook["disabled"]) == (["failed"], "q", None)

    changed = await door.send("PATCH", path, {"events": None, "queue": None, "disabled": True})
    assert changed.status_code == 200
    assert (changed.json()["events"], changed.json()["queue"]) == (None, None)
    assert changed.json()["disabled"] == "by its owner"
    assert changed.json()["description"] == "pages the night shift"
    assert (await door.send("PATCH", path, {"disabled": False})).json()["disabled"] is None

    assert (await door.ask("DELETE", path)).status_code == 204
    assert (await door.get(path)).status_code == 404
    assert (await door.ask("DELETE", path)).status_code == 404
    assert (await door.get(ALL)).json() == {"items": []}


async def test_a_rotated_secret_is_a_new_one_and_the_old_one_signs_as_long_as_was_said(
    door: Door, shared_cell: PlayedCell
) -> None:
    webhook = await made(door)
    path = f"{ALL}/{webhook['id']}/rotate"
    second = await door.ask("POST", path)
    third = await door.post({"overlap": 3600}, path)
    fourth = await door.post({"overlap": 0}, path)
    assert [answer.status_code for answer in (second, third, fourth)] == [200, 200, 200]
    assert second.headers["cache-control"] == "no-store"
    first, *others = [webhook["secret"], *(answer.json()["secret"] for answer in (second, third, fourth))]
    before, after = await secrets_of(shared_cell, webhook["id"])
    assert [secret.value for secret in before] == [others[1], others[0], first]
    assert before[0].until_ms is None
    assert before[1].until_ms == before[2].until_ms
    assert [secret.value for secret in after] == [others[2]]
    assert (await door.post({"overlap": -1}, path)).status_code == 422


async def secrets_of(cell: PlayedCell, webhook_id: str) -> list[list[Secret]]:
    """Return the secrets in the last two records of a subscription."""
    seen: list[list[Secret]] = []

    def note(record_id: str, record: Registered | None) -> None:
        if record_id == webhook_id and isinstance(record, Subscription):
            seen.append(record.secrets)

    registry = Registry(cell.bootstrap, cell.topics.registry, client_id="test", on_change=note)
    await registry.start()
    await registry.stop()
    return seen[-2:]


async def test_tenants_see_only_their_own(door: Door) -> None:
    webhook, other = await made(door), door.of(f"{door.tenant}-other")
    assert (await other.get(ALL)).json() == {"items": []}
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("GET", "/deliveries")):
        assert (await other.ask(method, f"{ALL}/{webhook['id']}{path}")).status_code == 404
    assert (await other.send("PATCH", f"{ALL}/{webhook['id']}", {"disabled": True})).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://a\r\nb.com/"}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["done"]}, "events[0]"),
        ({"url": URL, "queue": "a b"}, "queue"),
        ({"url": URL, "secret": "mine"}, "secret"),
        ({"url": URL, "disabled": True}, "disabled"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ([], "body"),
    ],
)
async def test_what_is_wrong_is_named(door: Door, body: Any, field: str) -> None:
    answer = await door.post(body, ALL)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["errors"][0]["hint"]


async def test_there_is_an_end_to_subscriptions(shared_cell: PlayedCell, namespace: str) -> None:
    async with gateway(shared_cell, namespace, webhooks_per_tenant=1) as door:
        await made(door)
        answer = await door.post({"url": URL}, ALL)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:xqueue:problem:too-many"


async def test_deliveries_of_a_task_are_listed_newest_first_page_after_page(
    door: Door, shared_cell: PlayedCell
) -> None:
    task_id = (await door.submit())["task_id"]
    told = [delivery(door.tenant, task_id, number) for number in (1, 2, 3)]
    operators = delivery(door.tenant, task_id, 4, owner=ANY_TENANT)
    await shared_cell.keep_deliveries(*told, operators)

    first = (await door.get(f"/api/v1/tasks/{task_id}/deliveries?limit=3")).json()
    assert [item["id"] for item in first["items"]] == [operators.id, told[2].id, told[1].id]
    rest = (await door.get(f"/api/v1/tasks/{task_id}/deliveries?cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in rest["items"]] == [told[0].id]
    assert rest["next_cursor"] is None
    assert rest["items"][0] == {
        "id": told[0].id,
        "task_id": task_id,
        "webhook": None,
        "event": "success",
        "url": URL,
        "state": "failed",
        "reason": None,
        "attempts": 10,
        "created_at": "1970-01-01T00:00:00.001000Z",
        "next_at": None,
        "tries": [
            {"at": "1970-01-01T00:00:01Z", "status": 502, "error": "it answered 502", "duration": 0.5},
            {"at": "1970-01-01T00:00:02Z", "status": None, "error": "no answer within 30 s", "duration": 30.0},
        ],
    }
    assert (await door.get(f"/api/v1/deliveries/{told[0].id}")).json() == rest["items"][0]


async def test_deliveries_of_a_subscription_are_listed(door: Door, shared_cell: PlayedCell) -> None:
    webhook, task_id = await made(door), (await door.submit())["task_id"]
    told = delivery(door.tenant, task_id, subscription=webhook["id"])
    await shared_cell.keep_deliveries(told, delivery(door.tenant, task_id, 2))
    listed = (await door.get(f"{ALL}/{webhook['id']}/deliveries")).json()
    assert [(item["id"], item["webhook"]) for item in listed["items"]] == [(told.id, webhook["id"])]


async def test_a_delivery_is_replayed_into_the_first_wait(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit())["task_id"]
    failed = delivery(door.tenant, task_id)
    await shared_cell.keep_deliveries(failed)
    answer = await door.ask("POST", f"/api/v1/deliveries/{failed.id}/replay")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["attempts"]) == ("waiting", 10)
    [record] = [record for record in await waiting(shared_cell) if record.id == failed.id]
    assert (record.waits, record.body, record.state) == (0, failed.body, DeliveryState.WAITING)
    assert record.updated_ms > failed.updated_ms


async def waiting(cell: PlayedCell) -> list[Delivery]:
    tail = Tail(cell.bootstrap, cell.topics.deliveries, 1, client_id="test")
    await tail.start(0)
    try:
        return [read_delivery(one.value) async for some in tail.read_to(await tail.end()) for one in some]
    finally:
        await tail.stop()


async def test_what_has_nobody_to_be_told_to_is_not_replayed(door: Door, shared_cell: PlayedCell) -> None:
    webhook, task_id = await made(door), (await door.submit())["task_id"]
    told = delivery(door.tenant, task_id, subscription=webhook["id"])
    await shared_cell.keep_deliveries(told)
    path = f"/api/v1/deliveries/{told.id}/replay"
    await door.send("PATCH", f"{ALL}/{webhook['id']}", {"disabled": True})
    paused = await door.ask("POST", path)
    await door.ask("DELETE", f"{ALL}/{webhook['id']}")
    removed = await door.ask("POST", path)
    for answer in (paused, removed):
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:xqueue:problem:no-receiver"
    assert webhook["id"] in paused.json()["errors"][0]["hint"]


async def test_deliveries_of_others_are_not_there(door: Door, shared_cell: PlayedCell) -> None:
    task_id = (await door.submit())["task_id"]
    told = delivery(door.tenant, task_id)
    await shared_cell.keep_deliveries(told)
    other = door.of(f"{door.tenant}-other")
    for method, path in (("GET", ""), ("POST", "/replay")):
        assert (await other.ask(method, f"/api/v1/deliveries/{told.id}{path}")).status_code == 404
    assert (await other.get(f"/api/v1/tasks/{task_id}/deliveries")).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "cursor=%00", "cursor=W10", "state=failed"])
async def test_a_page_that_makes_no_sense_is_refused(door: Door, query: str) -> None:
    webhook = await made(door)
    assert (await door.get(f"{ALL}/{webhook['id']}/deliveries?{query}")).status_code == 422
