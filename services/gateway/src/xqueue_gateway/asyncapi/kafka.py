"""The topics of Kafka and the records on them. A new topic, or a new union of records, is a row here."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from xqueue_common.events import Command, Dispatch, ProgressTopicRecord, Report, StatusTopicRecord
from xqueue_common.registry.records import AuditRecord, Registered
from xqueue_common.topics import Topic, Topics
from xqueue_gateway.asyncapi.channel import Action, Channel, Message, Schema
from xqueue_gateway.openapi.schemas import parts_of

SERVER = "kafka"
_BINDING = "0.5.0"
_NUMBER = {"type": "string", "pattern": "^[0-9]+$"}
_LABEL: Mapping[str, Schema] = {
    "epoch": {**_NUMBER, "description": "epoch of the scheduler that sent it"},
    "call": {**_NUMBER, "description": "number of the call that made it"},
    "cause": {"type": "string", "description": "the input of that call: commands FROM-TO reports FROM-TO"},
    "traceparent": {"type": "string", "description": "W3C trace context of the submission, if it had one"},
}
_LOW_WATER: Schema = {
    "type": "string",
    "description": "the oldest offsets that a rebuild needs, as JSON: status, commands, reports",
}
_WHY_DEAD: Mapping[str, Schema] = {
    "reason": {"type": "string", "description": "why nobody could read it"},
    "origin": {"type": "string", "description": "TOPIC-PARTITION@OFFSET"},
    "by": {"type": "string", "description": "the service that gave up"},
}


class Log(NamedTuple):
    """A topic.

    Attributes:
        name: of its field in ``Topics``.
        summary: what it carries, who writes and who reads it.
        key: what the key of a record is.
        records: the union of what stands on it; None: any bytes.
        headers: by name.
    """

    name: str
    summary: str
    key: str
    records: Any
    headers: Mapping[str, Schema] = {}


LOGS = (
    Log(
        "commands", "What clients want; gateway to scheduler. A partition is a cell.", "task id or setting", Command
    ),
    Log("reports", "What became of attempts; workers and timers to scheduler.", "task id", Report),
    Log(
        "dispatch",
        "Attempts to run; scheduler to the worker whose inbox the partition is.",
        "task id",
        Dispatch,
        _LABEL,
    ),
    Log(
        "status",
        "Every version of every task and setting; scheduler to all. The truth.",
        "task id or setting",
        StatusTopicRecord,
        {**_LABEL, "low_water": _LOW_WATER},
    ),
    Log(
        "progress",
        "Progress, log lines and chunks of running tasks; workers to all.",
        "task id",
        ProgressTopicRecord,
    ),
    Log(
        "dead",
        "Records that nobody could read, as they were; by everyone for operators.",
        "of the record",
        None,
        _WHY_DEAD,
    ),
    Log(
        "registry",
        "API keys and webhook subscriptions, the latest of each; a record without value takes its id away.",
        "id of the key or subscription",
        Registered,
    ),
    Log("audit", "Administrative acts, allowed or not; gateway to the history.", "id of the act", AuditRecord),
)


def kafka_channels(topics: Topics) -> Iterator[tuple[str, Channel]]:
    """Return the channel of each topic, by name."""
    layout = {topic.name: topic for topic in topics.layout(cells=1, inboxes=1)}
    for log in LOGS:
        yield log.name, _channel(log, layout[getattr(topics, log.name)])


def records_of(log: Log) -> tuple[type[Struct], ...]:
    """Return the types of the records on a topic."""
    return parts_of(log.records) if log.records is not None else ()


def _channel(log: Log, topic: Topic) -> Channel:
    messages = dict(_messages(log))
    return Channel(
        address=topic.name,
        server=SERVER,
        summary=log.summary,
        messages=messages,
        actions={log.name: Action("send", tuple(messages))},
        bindings={SERVER: _bindings(topic)},
    )


def _messages(log: Log) -> Iterator[tuple[str, Message]]:
    key = {SERVER: {"key": {"type": "string", "description": log.key}, "bindingVersion": _BINDING}}
    if log.records is None:
        yield log.name, Message(log.summary, None, log.headers, "application/octet-stream", key)
    for record in records_of(log):
        kind = str(record.__struct_config__.tag)
        summary = (record.__doc__ or "").partition("\n")[0]
        yield kind, Message(summary, record, log.headers, bindings=key)


def _bindings(topic: Topic) -> dict[str, Any]:
    policy = "compact" if topic.compacted else "delete"
    settings = {"cleanup.policy": [policy], "retention.ms": topic.retention_ms}
    return {"topic": topic.name, "topicConfiguration": settings, "bindingVersion": _BINDING}
