"""What subscribers say and are told, beside the events: subscriptions, and what was wrong with a message."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from xqueue_common.codec import encode
from xqueue_common.names import Count, TaskId
from xqueue_gateway.parameters import parameters_in
from xqueue_gateway.problems import FieldError, Problem, ProblemDetails, bad_json, invalid
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.submissions.faults import fault, meant
from xqueue_gateway.submissions.json_text import broken

Operation = Literal["subscribe", "unsubscribe"]
Seen = Annotated[dict[TaskId, Count], Meta(max_length=200)]

# One value or several. Without constraints: msgspec 0.22 corrupts memory where a text with a pattern and an array
# are alternatives. What the values must be is checked when the filter is made.
_Values = str | list[str]


class _Message(Struct, frozen=True, forbid_unknown_fields=True):
    """A message as it is written; ``after`` names versions that were seen."""

    op: Operation
    filter: dict[str, _Values] = {}
    after: Seen = {}


class Request(NamedTuple):
    """What a subscriber asks for."""

    op: Operation
    filter: Filter
    after: Mapping[str, int]


class Subscribed(Struct, frozen=True, tag_field="event", tag="subscribed"):
    """The subscriptions in force."""

    filters: list[Filter]


class ErrorMessage(Struct, frozen=True, tag_field="event", tag="error"):
    """What was wrong."""

    error: ProblemDetails


_message = msgspec.json.Decoder(_Message)
_HINTS = {
    "op": "subscribe or unsubscribe; all messages stand in /asyncapi.yaml",
    "filter": 'an object like {"queue": "images", "status": ["success", "failed"]}',
    "task_id": "the id of a task",
    "queue": "the name of a queue",
    "type": "the name of a task type",
    "status": "one of scheduled, pending, processing, success, failed, canceled, timeout",
    "concurrency_key": "a text of 1 to 256 characters",
    "label": "name:value",
    "after": "the version that you have seen, or task_id:version",
}
_MOST_FIELDS = 1_000


def read_message(message: Mapping[str, Any]) -> Request:
    """Return the request in a WebSocket message.

    Raises:
        Problem: it is none.
    """
    text = message.get("text")
    if text is None:
        reason = "binary messages are not understood"
        raise bad_json(reason)
    try:
        said = _message.decode(text)
    except msgspec.ValidationError as error:
        raise fault(_Message, text, error, _HINTS) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise broken(text, error) from error
    return Request(said.op, _filter(said.filter, within="filter."), said.after)


def read_query(query: bytes) -> Request | None:
    """Return the subscription that a query string spells, or None if it spells none.

    Each part of a filter may be repeated. ``after`` is ``task_id:version``, or a version if one task is named.

    Raises:
        Problem: a parameter is unknown or not valid.
    """
    given = parameters_in(query, most=_MOST_FIELDS)
    if not given:
        return None
    after = given.pop("after", [])
    wanted = _filter(given)
    try:
        seen = msgspec.convert(_seen(after, wanted.task_id), Seen, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(FieldError("after", "not valid", _HINTS["after"])) from error
    return Request("subscribe", wanted, seen)


def _filter(given: Mapping[str, _Values], *, within: str = "") -> Filter:
    known = Filter.__struct_fields__
    if unknown := [name for name in given if name not in known]:
        raise invalid(*(FieldError(f"{within}{name[:64]}", "unknown", meant(name, known)) for name in unknown))
    try:
        return msgspec.convert({name: [v] if isinstance(v, str) else v for name, v in given.items()}, Filter)
    except msgspec.ValidationError as error:
        words, _, where = str(error).partition(" - at `$.")
        name = where.rstrip("`").partition("[")[0]
        said = "not of the right form" if "matching regex" in words else words
        raise invalid(FieldError(f"{within}{name}", said, _HINTS[name])) from error


def _seen(after: list[str], named: list[str]) -> dict[str, str]:
    pairs = [text.rpartition(":") for text in after]
    if len(named) == 1:
        pairs = [(task_id or named[0], sep, version) for task_id, sep, version in pairs]
    return {task_id: version for task_id, _, version in pairs}


def subscribed(filters: list[Filter]) -> str:
    """Return the message that tells which subscriptions are in force."""
    return encode(Subscribed(filters)).decode()


def refused(problem: Problem) -> str:
    """Return the message that tells what was wrong."""
    return encode(ErrorMessage(problem.details())).decode()
