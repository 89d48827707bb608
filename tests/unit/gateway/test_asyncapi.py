"""The description of what is told: valid AsyncAPI, up to date, and true of what the services tell."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml
from support.described import CONTRACTS, dangling, faults, patterns
from support.described import asyncapi as committed

from xqueue_common.events import ErrorInfo, Progress, ProgressRecord, StatusRecord
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState
from xqueue_common.topics import Topics
from xqueue_gateway.asyncapi.document import asyncapi, asyncapi_text
from xqueue_gateway.asyncapi.kafka import LOGS
from xqueue_gateway.asyncapi.mqtt import EXPIRY_S, QOS
from xqueue_gateway.asyncapi.records import record_schemas
from xqueue_gateway.asyncapi.yaml import yaml_of
from xqueue_gateway.push.selection import Filter
from xqueue_notifier.mqtt.messages import Topics as MqttTopics
from xqueue_notifier.mqtt.messages import progress_message, status_messages
from xqueue_notifier.settings import NotifierSettings

OFFICIAL = Path(__file__).parents[2] / "support" / "asyncapi" / "3.0.0.json"
TASK = "01a205fa-7e08-7000-8000-2c62ad5751f1"
SPEC = TaskSpec(task_id=TASK, type="noop", queue="default", tenant="default", created_ms=1)
TO_COME = {"deliveries"}
"""Topics whose records are not settled yet."""


def test_what_is_committed_is_up_to_date() -> None:
    schemas = {path.name: path.read_bytes() for path in (CONTRACTS / "schemas").iterdir()}

    assert (CONTRACTS / "asyncapi.yaml").read_bytes() == asyncapi_text(), "run: uv run just contracts"
    assert schemas == record_schemas(), "run: uv run just contracts"


def test_it_is_valid_asyncapi() -> None:
    judge = jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text()))

    assert [f"{error.json_path}: {error.message}" for error in judge.iter_errors(committed())] == []


def test_every_reference_leads_somewhere() -> None:
    assert dangling(committed()) == []


def test_every_schema_is_valid_and_says_no_pattern_that_others_do_not_know() -> None:
    for schema in committed()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert not [pattern for pattern in patterns(committed()) if "\\Z" in pattern or "\\A" in pattern]


def test_every_topic_has_its_channel_with_messages() -> None:
    topics = Topics()
    named = {name: topic for name, topic in vars(topics).items() if name != "prefix"}
    told = committed()["channels"]

    assert {log.name for log in LOGS} == named.keys() - TO_COME
    assert {log.name: told[log.name]["address"] for log in LOGS} == {log.name: named[log.name] for log in LOGS}
    assert [name for name, channel in told.items() if not channel["messages"]] == []


@pytest.mark.parametrize("name", sorted(record_schemas()))
def test_every_record_schema_stands_alone(name: str) -> None:
    schema = json.loads(record_schemas()[name])

    jsonschema.Draft202012Validator.check_schema(schema)
    assert dangling(schema) == []
    refused = list(jsonschema.Draft202012Validator(schema).iter_errors({"kind": "nonsense"}))
    assert refused


def test_a_record_is_as_its_schema_says() -> None:
    schema = json.loads(record_schemas()["status.json"])
    judge = jsonschema.Draft202012Validator(schema)
    record = json.loads(msgspec.json.encode(status_record()))

    judge.validate(record)
    assert not judge.is_valid({**record, "epoch": -1})
    assert not judge.is_valid({**record, "state": {"status": "done", "version": 1}})


def test_mqtt_messages_are_as_described() -> None:
    told = [*status_messages(status_record(), MqttTopics(), retain=True, max_payload=100_000)]
    progress = ProgressRecord(SPEC, 2, 1, "w1#1", 1, 5, 5, Progress(50.0, "half way"))
    told.append(progress_message(progress, MqttTopics()))
    channels, said = committed()["channels"], ("mqtt_task", "mqtt_status", "mqtt_progress")

    for name, message in zip(said, told, strict=True):
        assert faults(f"{name}.snapshot", json.loads(message.payload)) == []
        assert message.topic.decode() == channels[name]["address"].format(task_id=TASK, status="failed")
        assert message.retain is retained(name), message


def test_mqtt_settings_are_as_described() -> None:
    settings = NotifierSettings()

    assert (settings.mqtt_qos, settings.mqtt_expiry_s, settings.mqtt_prefix) == (QOS, EXPIRY_S, "")
    assert settings.mqtt_retain is retained("mqtt_task")


def test_a_subscription_names_the_parts_of_a_filter() -> None:
    payload = committed()["components"]["messages"]["websocket.subscribe"]["payload"]

    assert payload["properties"]["filter"]["properties"].keys() == set(Filter.__struct_fields__)
    assert faults("websocket.subscribe", {"op": "subscribe", "filter": {"status": "success", "queue": ["a"]}}) == []
    assert faults("websocket.subscribe", {"op": "subscribe", "filter": {"owner": "me"}})
    assert faults("websocket.subscribe", {"op": "unsubscribe"})


def test_what_is_written_is_read_again_as_it_was() -> None:
    assert yaml.safe_load(asyncapi_text()) == json.loads(json.dumps(asyncapi()))


def test_texts_that_yaml_would_take_for_something_else_are_read_again_as_they_were() -> None:
    odd = [
        "",
        " a",
        "yes",
        "No",
        "null",
        "~",
        "1",
        "1.5",
        "0x1",
        "a: b",
        "#",
        "- a",
        "é",
        '"',
        "\\",
        "a\nb",
        "\x07",
    ]
    told = {
        "odd": odd,
        "numbers": [0, -1, 1.5, True, None],
        "empty": [{}, []],
        "deep": [[["a"], {"b": [{"c": 1}]}]],
    }

    assert yaml.safe_load(yaml_of(told | dict.fromkeys(odd, 1))) == told | dict.fromkeys(odd, 1)


def status_record() -> StatusRecord:
    error = msgspec.Raw(msgspec.json.encode(ErrorInfo("error", "broken")))
    progress = msgspec.Raw(msgspec.json.encode(Progress(50.0)))
    state = TaskState(status=Status.FAILED, version=3, error=error, progress=progress, finished_ms=5)
    return StatusRecord(1, 1, 0, 0, SPEC, state)


def retained(channel: str) -> bool:
    kept: bool = committed()["operations"][channel]["bindings"]["mqtt"]["retain"]
    return kept
