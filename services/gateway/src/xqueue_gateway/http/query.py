"""Query parameters, refused by name where nobody knows them: a misspelt filter must not list everything."""

from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from litestar.types import Scope
from msgspec import Meta, Struct

from xqueue_gateway.history.query import QUERY_HINTS, TaskQuery
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.faults import meant

Q = TypeVar("Q", bound=Struct)

_MOST_FIELDS = 500
_LISTS = frozenset({"status", "label", "task_id"})


class WaitQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait for the end of a task, in seconds."""

    wait: Annotated[float, Meta(ge=0, le=60)] = 0.0


_HINTS = {**QUERY_HINTS, "wait": "seconds from 0 to 60"}


def task_query(scope: Scope) -> TaskQuery:
    """Return which tasks to list.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    query = _read(scope, TaskQuery)
    if query.cursor is not msgspec.UNSET and query.offset:
        raise invalid(FieldError("offset", "cursor is given as well", "give either offset or cursor"))
    return query


def wait_query(scope: Scope) -> float:
    """Return how many seconds to wait.

    Raises:
        Problem: 422, a parameter is unknown or not valid.
    """
    return _read(scope, WaitQuery).wait if scope["query_string"] else 0.0


def _read(scope: Scope, wanted: type[Q]) -> Q:
    given = _pairs(scope["query_string"])
    known = wanted.__struct_fields__
    if unknown := [name for name in given if name not in known]:
        raise invalid(*(FieldError(name[:64], "unknown parameter", meant(name, known)) for name in unknown))
    values = {name: texts if name in _LISTS else _single(name, texts) for name, texts in given.items()}
    try:
        return msgspec.convert(values, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from error


def _pairs(query: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise invalid(FieldError("query", "cannot be read", "percent-encode UTF-8")) from error


def _single(name: str, texts: list[str]) -> Any:
    if len(texts) > 1:
        raise invalid(FieldError(name, "given more than once", _HINTS[name]))
    # A plus in "+02:00" that was not percent-encoded arrives as a space.
    return texts[0].replace(" ", "+") if name.startswith("created_") else texts[0]


def _fault(message: str) -> Problem:
    words, _, where = message.partition(" - at `$.")
    field = where.rstrip("`").partition("[")[0]
    if "matching regex" in words:
        words = "not of the right form"
    return invalid(FieldError(field or "query", words, _HINTS.get(field, "see /openapi.json")))
