from typing import Any

import msgspec
import pytest
from msgspec import Raw
from unit.notifier.records import progress, task, version

from xqueue_notifier.mqtt.messages import Message, Topics, UnsafeTopic, progress_message, status_messages

TASK = task(1)
PLENTY = 1 << 20


def told(status: str, *, retain: bool = True, max_payload: int = PLENTY, **state: Any) -> tuple[Message, Message]:
    record = version(TASK, 3, status, **state)
    return status_messages(record, Topics("acme/"), retain=retain, max_payload=max_payload)


def test_a_version_goes_to_the_topics_of_its_task_and_of_its_state() -> None:
    of_task, of_state = told("processing")

    assert of_task.topic == f"acme/task/status/{TASK.task_id}".encode()
    assert of_state.topic == b"acme/task/status/status/processing"
    assert of_task.payload == of_state.payload


def test_a_prefix_may_name_the_tenant() -> None:
    topics = Topics("acme/{tenant}/")

    of_task, of_state = status_messages(version(TASK, 1, "pending"), topics, retain=True, max_payload=PLENTY)

    assert of_task.topic == f"acme/default/task/status/{TASK.task_id}".encode()
    assert of_state.topic == b"acme/default/task/status/status/pending"
    assert progress_message(progress(TASK, 1), topics).topic.startswith(b"acme/default/task/progress/")


def test_the_payload_is_the_snapshot() -> None:
    snapshot = msgspec.json.decode(told("success", result=Raw(b'{"ok":true}'))[0].payload)

    assert snapshot["task_id"] == TASK.task_id
    assert snapshot["status"] == "success"
    assert snapshot["version"] == 3
    assert snapshot["result"] == {"ok": True}
    assert snapshot["event_id"] == f"{TASK.task_id}:3"


@pytest.mark.parametrize("status", ["success", "failed", "canceled", "timeout"])
def test_a_terminal_status_stays_on_the_topic_of_its_task_alone(status: str) -> None:
    of_task, of_state = told(status)

    assert of_task.retain
    assert not of_state.retain


@pytest.mark.parametrize("status", ["scheduled", "pending", "processing"])
def test_what_is_not_terminal_does_not_stay(status: str) -> None:
    assert not told(status)[0].retain


def test_nothing_stays_when_that_is_not_wanted() -> None:
    assert not told("success", retain=False)[0].retain


def test_a_result_that_the_broker_would_not_take_is_left_out() -> None:
    large = Raw(b'"' + b"x" * 5_000 + b'"')

    snapshot = msgspec.json.decode(told("success", result=large, max_payload=4_000)[0].payload)

    assert snapshot["status"] == "success"
    assert snapshot["result"] is None


def test_progress_goes_to_a_topic_of_its_own() -> None:
    message = progress_message(progress(TASK, 40), Topics())

    assert message.topic == f"task/progress/{TASK.task_id}".encode()
    assert not message.retain
    snapshot = msgspec.json.decode(message.payload)
    assert snapshot["progress"] == {"percent": 40.0, "message": "on its way"}
    assert snapshot["worker"] == "worker-1"


@pytest.mark.parametrize("odd", ["+", "#", "\0", "\n", "\x7f", "\x9f"])
def test_no_topic_holds_wildcards_or_control_characters(odd: str) -> None:
    with pytest.raises(UnsafeTopic):
        Topics().task("default", f"a{odd}b")


def test_no_topic_is_longer_than_the_protocol_allows() -> None:
    with pytest.raises(UnsafeTopic):
        Topics().task("default", "a" * 65_536)
