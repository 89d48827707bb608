"""Deliveries as tests need them."""

from typing import Any

from msgspec import Raw, structs

from xqueue_common.lifecycle import Status
from xqueue_common.webhooks import Delivery, DeliveryState, delivery_id

NOW_MS = 1_700_000_000_000
TASK = "00000000-0000-7000-8000-000000000000"


def delivery(**fields: Any) -> Delivery:
    """Return a delivery before its first try."""
    made = Delivery(
        id=delivery_id(f"{TASK}:3", None),
        task_id=TASK,
        tenant="acme",
        owner="acme",
        event=Status.SUCCESS,
        url="https://example.com/hook",
        state=DeliveryState.WAITING,
        body=Raw(b"{}"),
        created_ms=NOW_MS,
        begun_ms=NOW_MS,
        updated_ms=NOW_MS,
    )
    return structs.replace(made, **fields)
