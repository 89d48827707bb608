"""What the committed descriptions of the API say, and whether a message is as they say."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

CONTRACTS = Path(__file__).parents[2] / "contracts"


@cache
def openapi() -> dict[str, Any]:
    """Return the description of what can be asked."""
    told: dict[str, Any] = json.loads((CONTRACTS / "openapi.json").read_text())
    return told


@cache
def asyncapi() -> dict[str, Any]:
    """Return the description of what is told."""
    told: dict[str, Any] = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text())
    return told


@cache
def message(name: str) -> jsonschema.Draft202012Validator:
    """Return what judges the payload of a message, named ``channel.message``."""
    told = asyncapi()
    payload = told["components"]["messages"][name]["payload"]
    return jsonschema.Draft202012Validator({**payload, "components": told["components"]})


def faults(name: str, payload: Any) -> list[str]:
    """Return in what a payload is not as described."""
    return [f"{error.json_path}: {error.message}" for error in message(name).iter_errors(payload)]


def dangling(told: Any) -> list[str]:
    """Return the references within a document that lead nowhere."""
    return sorted({reference for reference in _values(told, "$ref") if not _found(told, reference)})


def _found(told: Any, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        told = told.get(part, {})
    return bool(told)


def _values(part: Any, wanted: str) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get(wanted), str):
            yield part[wanted]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _values(inner, wanted)


def patterns(told: Any) -> list[str]:
    """Return every pattern of a document."""
    return list(_values(told, "pattern"))
