"""The SDK's types stand alone, so this holds them to the committed description of the API."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xqueue_client import (
    AccessToken,
    Allocation,
    ApiKey,
    AuditEntry,
    Delivery,
    DeliveryTry,
    Explanation,
    Instance,
    IssuedKey,
    IssuedSubscription,
    KeyOptions,
    Limit,
    LimitOptions,
    LogLine,
    Purged,
    Queue,
    QueueOptions,
    QueueStatus,
    Rate,
    Reason,
    Resources,
    RetryPolicy,
    Snapshot,
    Spread,
    Statistics,
    Stats,
    Status,
    Submission,
    TaskCounts,
    TaskOptions,
    WebhookChanges,
    WebhookSubscription,
)
from xqueue_client import Transition as Step
from xqueue_client.snapshot import FINAL

SCHEMAS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "contracts" / "openapi.json").read_text())[
    "components"
]["schemas"]

SAME = {
    "Snapshot": Snapshot,
    "Submission": Submission,
    "RetryPolicy": RetryPolicy,
    "ResourceOrder": Resources,
    "StatsAnswer": Stats,
    "Instance": Instance,
    "Transition": Step,
    "QueueAnswer": Queue,
    "QueueStatus": QueueStatus,
    "RetryView": RetryPolicy,
    "Purged": Purged,
    "LimitAnswer": Limit,
    "RateOrder": Rate,
    "Explanation": Explanation,
    "Reason": Reason,
    "Allocation": Allocation,
    "KeyAnswer": ApiKey,
    "NewKey": IssuedKey,
    "TokenAnswer": AccessToken,
    "LogLine": LogLine,
    "WebhookAnswer": WebhookSubscription,
    "NewWebhook": IssuedSubscription,
    "DeliveryAnswer": Delivery,
    "TryAnswer": DeliveryTry,
    "Act": AuditEntry,
    "TaskStatistics": Statistics,
    "TaskCounts": TaskCounts,
    "Spread": Spread,
}


@pytest.mark.parametrize("name", SAME)
def test_the_sdk_knows_exactly_the_fields_of_the_api(name: str) -> None:
    assert set(SAME[name].__struct_fields__) == set(SCHEMAS[name]["properties"])


@pytest.mark.parametrize("name", ["Submission", "RetryPolicy", "ResourceOrder"])
def test_what_the_api_requires_the_sdk_requires_too(name: str) -> None:
    required = [field.name for field in msgspec.structs.fields(SAME[name]) if field.required]

    assert sorted(required) == sorted(SCHEMAS[name].get("required", []))


def test_what_submit_takes_is_what_a_submission_has() -> None:
    assert {"type", "payload", *TaskOptions.__annotations__} == set(Submission.__struct_fields__)


def test_what_can_be_said_about_a_key_is_what_the_api_takes() -> None:
    assert {"roles", *KeyOptions.__annotations__} == set(SCHEMAS["KeyOrder"]["properties"])


@pytest.mark.parametrize(
    ("options", "name"),
    [(QueueOptions, "QueueOrder"), (LimitOptions, "LimitOrder"), (WebhookChanges, "WebhookChange")],
)
def test_what_can_be_set_is_what_the_api_takes(options: Any, name: str) -> None:
    assert set(options.__annotations__) == set(SCHEMAS[name]["properties"])


def test_statuses_are_those_of_the_api() -> None:
    assert sorted(Status) == sorted(SCHEMAS["Status"]["enum"])
    assert sorted(FINAL) == ["canceled", "failed", "success", "timeout"]
