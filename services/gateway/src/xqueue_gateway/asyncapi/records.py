"""The records of each topic as JSON Schema, for those who write or check them by other means."""

import msgspec

from xqueue_common.topics import Topics
from xqueue_gateway.asyncapi.kafka import LOGS, Log, records_of
from xqueue_gateway.openapi.schemas import Schemas

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def record_schemas() -> dict[str, bytes]:
    """Return the files by name, one a topic."""
    return {f"{log.name}.json": _text(log) for log in LOGS if records_of(log)}


def _text(log: Log) -> bytes:
    schemas = Schemas(records_of(log), ref="#/$defs/{name}")
    told = {
        "$schema": _DIALECT,
        "title": getattr(Topics(), log.name),
        "description": log.summary,
        "oneOf": [schemas.of(record) for record in records_of(log)],
        "$defs": schemas.named(),
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
