"""Query parameters, refused by name where nobody knows them: a misspelt filter must not list everything."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.types import Scope
from msgspec import UNSET, Meta, Struct, UnsetType

from xqueue_common.names import QueueName
from xqueue_gateway.history.audit_query import ACTS, AUDIT_HINTS, AuditPlace, AuditQuery
from xqueue_gateway.history.cursor import TASKS, Cursor, Place
from xqueue_gateway.history.log_lines import LINES, LinePlace, LogQuery
from xqueue_gateway.history.query import PAYLOAD, QUERY_HINTS, PageQuery, TaskQuery
from xqueue_gateway.history.statistics_query import STATISTICS_HINTS, StatisticsQuery
from xqueue_gateway.parameters import parameters_in
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.faults import meant
from xqueue_gateway.webhooks.deliveries import DELIVERIES, DeliveryPlace, DeliveryQuery

Q = TypeVar("Q", bound=Struct)
P = TypeVar("P", bound=Struct)

_MOST_FIELDS = 500
_LISTS = frozenset({"status", "label", "task_id"})
_MOMENTS = frozenset({"created_after", "created_before", "since", "until"})


_FILE_NAME = Meta(extra_json_schema={"minLength": 1, "maxLength": 255, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"})
"""Told by the document only: the store of artifacts says what is wrong with a name."""


class WaitQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for the end of a task, in seconds."""

    wait: Annotated[float, Meta(ge=0, le=60)] = 0.0


class ForceQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether to remove what is in use."""

    force: bool = False


class QueueQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which queue is meant; left out: all."""

    queue: QueueName | UnsetType = UNSET


class NameQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What an uploaded file is called."""

    name: Annotated[str | UnsetType, _FILE_NAME] = UNSET


HINTS = {
    **QUERY_HINTS,
    **AUDIT_HINTS,
    **STATISTICS_HINTS,
    "wait": "seconds from 0 to 60",
    "name": "what the file is called, 1 to 255 characters",
    "force": "true cancels the tasks of the queue that is removed",
}
"""What each parameter takes, in words."""


def task_query(scope: Scope) -> TaskQuery:
    """Return which tasks to list.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    given = _pairs(scope["query_string"])
    said = {name: _single(name, given.pop(name)) for name in list(given) if name.startswith(PAYLOAD)}
    query = _converted(given, TaskQuery, payload=said)
    _check_place(query)
    return query


def page_query(scope: Scope) -> PageQuery:
    """Return which part of a list to show.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    query = _read(scope, PageQuery)
    _check_place(query)
    return query


def place_in(query: TaskQuery | PageQuery) -> Place | None:
    """Return behind which task a page begins.

    Raises:
        Problem: 422, the cursor is none of ours.
    """
    return _behind(query.cursor, TASKS)


def log_query(scope: Scope) -> LogQuery:
    """Return which part of a log to show.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, LogQuery)


def line_in(query: LogQuery) -> LinePlace | None:
    """Return behind which line a page begins.

    Raises:
        Problem: 422, the cursor is none of ours.
    """
    return _behind(query.cursor, LINES)


def delivery_query(scope: Scope) -> DeliveryQuery:
    """Return which part of a list of deliveries to show.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, DeliveryQuery)


def delivery_place_in(query: DeliveryQuery) -> DeliveryPlace | None:
    """Return behind which delivery a page begins.

    Raises:
        Problem: 422, the cursor is none of ours.
    """
    return _behind(query.cursor, DELIVERIES)


def _behind(text: str | UnsetType, cursor: Cursor[P]) -> P | None:
    if isinstance(text, UnsetType):
        return None
    place = cursor.place(text)
    if place is None:
        raise invalid(FieldError("cursor", "none of ours", "pass next_cursor of the page before, unchanged"))
    return place


def _check_place(query: TaskQuery | PageQuery) -> None:
    if query.cursor is not msgspec.UNSET and query.offset:
        raise invalid(FieldError("offset", "cursor is given as well", "give either offset or cursor"))


def wait_query(scope: Scope) -> float:
    """Return how many seconds to wait.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, WaitQuery).wait if scope["query_string"] else 0.0


def queue_query(scope: Scope) -> str | None:
    """Return which queue is meant, if one is.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    queue = _read(scope, QueueQuery).queue
    return None if isinstance(queue, UnsetType) else queue


def name_query(scope: Scope) -> str | None:
    """Return what an uploaded file is called, if that was said.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    name = _read(scope, NameQuery).name
    return None if isinstance(name, UnsetType) else name


def force_query(scope: Scope) -> bool:
    """Return whether to remove what is in use.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, ForceQuery).force if scope["query_string"] else False


def statistics_query(scope: Scope) -> StatisticsQuery:
    """Return what to count.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    given = _pairs(scope["query_string"])
    names = [name for text in given.pop("group_by", []) for name in text.split(",")]
    return _converted(given, StatisticsQuery, group_by=names)


def audit_query(scope: Scope) -> AuditQuery:
    """Return which administrative acts to list.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, AuditQuery)


def act_in(query: AuditQuery) -> AuditPlace | None:
    """Return behind which act a page begins.

    Raises:
        Problem: 422, the cursor is none of ours.
    """
    return _behind(query.cursor, ACTS)


def _read(scope: Scope, wanted: type[Q]) -> Q:
    return _converted(_pairs(scope["query_string"]), wanted)


def _converted(given: Mapping[str, list[str]], wanted: type[Q], **gathered: Any) -> Q:
    known = tuple(name for name in wanted.__struct_fields__ if name not in gathered)
    if unknown := [name for name in given if name not in known]:
        raise invalid(
            *(FieldError(name[:64] or "query", "unknown parameter", meant(name, known)) for name in unknown)
        )
    values = {name: texts if name in _LISTS else _single(name, texts) for name, texts in given.items()}
    try:
        return msgspec.convert({**values, **gathered}, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error


def _pairs(query: bytes) -> dict[str, list[str]]:
    return parameters_in(query, most=_MOST_FIELDS)


def _single(name: str, texts: list[str]) -> Any:
    if len(texts) > 1:
        raise invalid(FieldError(name[:64], "given more than once", HINTS[name.partition(".")[0]]))
    # A plus in "+02:00" that was not percent-encoded arrives as a space.
    return texts[0].replace(" ", "+") if name in _MOMENTS else texts[0]


def _fault(message: str) -> Problem:
    words, _, where = message.replace("`key` in ", "").partition(" - at `$.")
    field = where.rstrip("`").partition("[")[0]
    if "matching regex" in words:
        words = "not of the right form"
    return invalid(FieldError(field or "query", words, HINTS.get(field, "see /openapi.json")))
