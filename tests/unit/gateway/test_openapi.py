"""The description of the API is that of the API."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xqueue_gateway.http.aliases import ALIASES
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.openapi.document import document, document_text

COMMITTED = Path(__file__).parents[3] / "contracts" / "openapi.json"


def test_the_committed_document_is_up_to_date() -> None:
    assert COMMITTED.read_bytes() == document_text(), (
        "run: uv run python -m xqueue_gateway.openapi contracts/openapi.json"
    )


def test_every_operation_stands_in_it_under_a_name_of_its_own() -> None:
    told = [(path, method) for path, methods in document()["paths"].items() for method in methods]

    assert sorted(told) == sorted((op.path, op.method.lower()) for op in OPERATIONS)
    assert len({op.name for op in OPERATIONS}) == len(OPERATIONS)


def test_every_reference_leads_somewhere() -> None:
    told = document()

    for reference in references(told):
        assert reference.removeprefix("#/components/schemas/") in told["components"]["schemas"]


def test_every_pattern_is_one_that_other_languages_know() -> None:
    patterns = list(values(document(), "pattern"))

    assert patterns
    assert not [pattern for pattern in patterns if "\\Z" in pattern or "\\A" in pattern]
    for pattern in patterns:
        re.compile(pattern)


def test_a_submission_shows_its_defaults() -> None:
    fields = document()["components"]["schemas"]["Submission"]["properties"]

    defaults = {name: fields[name].get("default") for name in fields}
    assert defaults["queue"] == "default"
    assert (defaults["priority"], defaults["max_retry"]) == (0, 3)
    assert (defaults["queue_timeout"], defaults["process_timeout"]) == (600, 600)


def test_every_alias_stands_for_a_path_that_there_is() -> None:
    assert set(ALIASES.values()) <= {op.path for op in OPERATIONS}


def references(part: Any) -> Iterator[str]:
    yield from values(part, "$ref")


def values(part: Any, wanted: str) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get(wanted), str):
            yield part[wanted]
        for inner in part.values():
            yield from values(inner, wanted)
    elif isinstance(part, list):
        for inner in part:
            yield from values(inner, wanted)


def test_the_text_is_the_document() -> None:
    assert json.loads(document_text()) == json.loads(json.dumps(document()))
