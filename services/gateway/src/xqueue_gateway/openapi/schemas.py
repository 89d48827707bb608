"""JSON schemas of our types, in words that other languages understand."""

from collections.abc import Iterable, Iterator, Mapping
from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import Struct

from xqueue_common.events import ErrorInfo, Progress

Schema = dict[str, Any]

_INSIDE: Mapping[str, Mapping[str, type[Struct]]] = {
    "Snapshot": {"progress": Progress, "error": ErrorInfo},
    "TaskState": {"progress": Progress, "error": ErrorInfo},
}
"""Fields that are carried as JSON text, of which no schema can be made, and what stands in that text."""


class Schemas:
    """The schemas of some types, and of all that they are made of, each named once.

    Args:
        types: the types; unions are taken apart.
        ref: how a schema is referred to, with ``{name}`` in it.
    """

    def __init__(self, types: Iterable[Any], *, ref: str) -> None:
        parts = [part for wanted in types for part in parts_of(wanted) if isinstance(part, type)]
        unique = [part for part in dict.fromkeys(parts) if part is not bytes]
        inner = _inside(msgspec.json.schema_components(unique)[1])
        schemas, components = msgspec.json.schema_components([*unique, *inner], ref_template=ref)
        self._of = dict(zip([*unique, *inner], schemas, strict=True))
        self.all: dict[str, Schema] = _told(components, ref)

    def of(self, wanted: Any) -> Schema:
        """Return the schema of a type, or of one of several; {} for any JSON."""
        if isinstance(wanted, UnionType):
            return {"anyOf": [self.of(part) for part in parts_of(wanted)]}
        return self._of[wanted] if isinstance(wanted, type) else {}

    def properties(self, wanted: type[Struct]) -> Iterator[tuple[str, Schema]]:
        """Return the fields of a type and their schemas."""
        yield from self.all[wanted.__name__]["properties"].items()

    def named(self, *, without: Iterable[str] = ()) -> dict[str, Schema]:
        """Return the schemas by name, in its order."""
        left_out = set(without)
        return {name: schema for name, schema in sorted(self.all.items()) if name not in left_out}


def parts_of(wanted: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)


def _inside(names: Iterable[str]) -> list[type[Struct]]:
    types = {inner for name in names for inner in _INSIDE.get(name, {}).values()}
    return sorted(types, key=lambda wanted: wanted.__name__)


def _told(components: Mapping[str, Schema], ref: str) -> dict[str, Schema]:
    told: dict[str, Schema] = _portable(dict(components))
    for name, fields in _INSIDE.items():
        if name in told:
            for field, inner in fields.items():
                schema = {"$ref": ref.format(name=inner.__name__)}
                told[name]["properties"][field] = {"anyOf": [schema, {"type": "null"}]}
    return told


def _portable(schema: Any) -> Any:
    """Return a schema whose patterns other languages understand: only Python has a sign for a text's very end."""
    if isinstance(schema, dict):
        return {key: _portable_value(key, value) for key, value in schema.items()}
    return [_portable(item) for item in schema] if isinstance(schema, list | tuple) else schema


def _portable_value(key: str, value: Any) -> Any:
    if isinstance(value, str):
        match key:
            case "pattern":
                return value.replace("\\Z", "$")
            case "description":
                return _dedented(value)
    return _portable(value)


def _dedented(text: str) -> str:
    """Return a docstring without the indentation of the code that it stands in."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
