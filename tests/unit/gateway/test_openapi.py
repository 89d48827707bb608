"""The description of the API is that of the API."""

import json
import re
from pathlib import Path

import pytest
from support.described import dangling, patterns

from xqueue_gateway.http.aliases import ALIASES, BELOW, aliases_of
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.openapi.document import document, document_text

COMMITTED = Path(__file__).parents[3] / "contracts" / "openapi.json"
TO_COME = {"/api/v1/statistics/tasks"}
"""Paths that have an alias already."""


def test_the_committed_document_is_up_to_date() -> None:
    assert COMMITTED.read_bytes() == document_text(), "run: uv run just contracts"


def test_every_operation_stands_in_it_under_a_name_of_its_own() -> None:
    told = [(path, method) for path, methods in document()["paths"].items() for method in methods]

    assert sorted(told) == sorted((op.path, op.method.lower()) for op in OPERATIONS)
    assert len({op.name for op in OPERATIONS}) == len(OPERATIONS)


def test_every_reference_leads_somewhere() -> None:
    assert dangling(document()) == []


def test_every_pattern_is_one_that_other_languages_know() -> None:
    told = patterns(document())

    assert told
    assert not [pattern for pattern in told if "\\Z" in pattern or "\\A" in pattern]
    for pattern in told:
        re.compile(pattern)


def test_it_says_who_may_and_what_becomes_of_who_may_not() -> None:
    told = document()
    for operation in OPERATIONS:
        said = told["paths"][operation.path][operation.method.lower()]
        assert said.get("x-role") == operation.role
        assert said.get("security", []) == ([{"bearer": []}] if operation.role else [])
        assert {"401", "403", "429"} <= said["responses"].keys() or operation.role is None

    assert told["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert told["components"]["responses"]["429"]["headers"].keys() == {
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
    }


def test_a_submission_shows_its_defaults() -> None:
    fields = document()["components"]["schemas"]["Submission"]["properties"]

    defaults = {name: fields[name].get("default") for name in fields}
    assert defaults["queue"] == "default"
    assert (defaults["priority"], defaults["max_retry"]) == (0, 3)
    assert (defaults["queue_timeout"], defaults["process_timeout"]) == (600, 600)


def test_every_alias_stands_for_a_path_that_there_is() -> None:
    assert {*ALIASES.values(), *BELOW.values()} - TO_COME <= {op.path for op in OPERATIONS}


@pytest.mark.parametrize(
    "alias",
    [
        ("GET", "/health"),
        ("GET", "/api/stats"),
        ("GET", "/api/v1/tasks/status/stats"),
        ("GET", "/api/instances"),
        ("GET", "/api/worker-allocations"),
        ("GET", "/api/queues"),
        ("DELETE", "/api/queues/{name}"),
        ("POST", "/api/queues/{name}/purge"),
        ("POST", "/api/queues/{name}/dead-letters/redrive"),
        ("POST", "/v1/tasks"),
        ("POST", "/v1/tasks/batch"),
        ("PATCH", "/v1/tasks/{task_id}/priority"),
        ("GET", "/v1/tasks/{task_id}/logs"),
        ("GET", "/v1/tasks/{task_id}/events"),
        ("GET", "/v1/queue/status"),
        ("POST", "/v1/queue/pause"),
        ("POST", "/v1/queue/resume"),
        ("POST", "/v1/queue/reorder"),
    ],
)
def test_the_paths_of_other_queues_are_known(alias: tuple[str, str]) -> None:
    assert alias in {(op.method, path) for op in OPERATIONS for path in aliases_of(op.method, op.path)}


def test_no_route_is_taken_twice() -> None:
    routes = [(op.method, path) for op in OPERATIONS for path in (op.path, *aliases_of(op.method, op.path))]

    assert len(routes) == len(set(routes))


def test_the_status_of_a_queue_is_to_be_read_only() -> None:
    assert "/v1/queue/status" not in aliases_of("DELETE", "/api/v1/queues/{name}")


def test_the_text_is_the_document() -> None:
    assert json.loads(document_text()) == json.loads(json.dumps(document()))
