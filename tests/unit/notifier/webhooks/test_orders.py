"""Who is told of which version, and what."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.codec import encode
from xqueue_common.kafka.producer import MAX_RECORD_BYTES
from xqueue_common.lifecycle import Status
from xqueue_common.registry.records import Secret, Subscription
from xqueue_common.task import Webhook
from xqueue_notifier.webhooks.orders import Order, delivery_for, orders_for

OWN = Order("acme", None, "https://example.com/own")


def subscription(**fields: Any) -> Subscription:
    known: dict[str, Any] = {"id": "wh_0000000000000001", "tenant": "acme", "url": "https://example.com/all"}
    return Subscription(**{**known, "secrets": [Secret("s")], "created_ms": CREATED_MS, **fields})


@pytest.mark.parametrize(
    ("status", "fields", "told"),
    [
        ("success", {}, True),
        ("failed", {}, True),
        ("processing", {}, False),
        ("processing", {"events": [Status.PROCESSING]}, True),
        ("success", {"events": [Status.FAILED]}, False),
        ("success", {"queue": "default"}, True),
        ("success", {"queue": "other"}, False),
        ("success", {"disabled": "by its owner"}, False),
        ("success", {"created_ms": CREATED_MS + 600_000}, False),
    ],
)
def test_a_subscription_is_told_what_it_asked_for(status: str, fields: dict[str, Any], told: bool) -> None:  # noqa: FBT001
    one = subscription(**fields)
    orders = list(orders_for(version(task(), 2, status), [one]))
    assert orders == ([Order("acme", one.id, one.url)] if told else [])


def test_a_task_with_a_webhook_is_told_of_there_as_well() -> None:
    spec = task(tenant="acme", webhook=Webhook(OWN.url, [Status.PENDING]))
    assert list(orders_for(version(spec, 1, "pending"), [subscription()])) == [OWN]
    assert OWN not in list(orders_for(version(spec, 3, "success"), [subscription()]))


def test_what_is_only_repeated_for_rebuilds_is_told_to_nobody() -> None:
    spec = task(webhook=Webhook(OWN.url))
    assert not list(orders_for(version(spec, 3, "success", payload=Raw(b"1")), [subscription()]))


def test_the_same_event_has_the_same_id_for_the_same_receiver_only() -> None:
    spec = task()
    first, again, later = (delivery_for(OWN, version(spec, n, "success"), n) for n in (3, 3, 4))
    other = delivery_for(OWN._replace(subscription="wh_0000000000000001"), version(spec, 3, "success"), 0)
    assert first.id == again.id
    assert len({first.id, later.id, other.id}) == 3


def test_a_result_that_would_not_fit_is_pointed_to() -> None:
    large = version(task(), 3, "success", result=Raw(b'"' + b"x" * (MAX_RECORD_BYTES - 1_000) + b'"'))
    delivery = delivery_for(OWN, large, 0)
    data = msgspec.json.decode(delivery.body)["data"]
    assert data["result"] is None
    assert data["result_url"] == f"/api/v1/tasks/{large.spec.task_id}/result"
    assert len(encode(delivery)) < MAX_RECORD_BYTES


def test_a_result_that_fits_is_told() -> None:
    delivery = delivery_for(OWN, version(task(), 3, "success", result=Raw(b'{"a":[1]}')), 0)
    assert msgspec.json.decode(delivery.body)["data"]["result"] == {"a": [1]}
