"""The WebSocket and the server-sent events of the gateway."""

from collections.abc import Iterator, Mapping
from typing import Any

from xqueue_common.snapshot import Snapshot
from xqueue_gateway.asyncapi.channel import Action, Channel, Message, Schema
from xqueue_gateway.http.operations import STREAM
from xqueue_gateway.openapi.schemas import Schemas
from xqueue_gateway.push.events import ChunkMessage, LogLine, LogMessage, ProgressMessage, TaskEvent
from xqueue_gateway.push.messages import ErrorMessage, Subscribed
from xqueue_gateway.push.selection import Filter
from xqueue_gateway.push.sse import ChunkData

WEBSOCKET, SSE = "websocket", "events"
TYPES = (
    Filter,
    Subscribed,
    TaskEvent,
    ProgressMessage,
    LogMessage,
    ChunkMessage,
    ErrorMessage,
    Snapshot,
    LogLine,
    ChunkData,
)
_EVENTS = "/api/v1/tasks/{task_id}/events"
_ASKS = ("subscribe", "unsubscribe")
_CLOSED = {
    "1009": "the client's message is larger than XQ_WS_MAX_MESSAGE_BYTES (65536)",
    "1011": "no answer to a ping within 60 seconds",
    "1012": "the gateway stops: connect again, to another one",
    "1013": "even the ends of tasks are more than the client reads: list the tasks, then connect again",
}
_SEEN: Schema = {"type": "integer", "minimum": 0}


def push_channels(schemas: Schemas) -> Iterator[tuple[str, Channel]]:
    """Return the channels by name."""
    yield WEBSOCKET, _websocket(schemas)
    yield SSE, _events()


def _websocket(schemas: Schemas) -> Channel:
    told = {
        "subscribed": Message("The subscriptions in force, after each change of them.", Subscribed),
        "status": Message("A new version of a task, or its current one.", TaskEvent),
        "progress": Message("How far a running task is.", ProgressMessage),
        "log": Message("A line of a handler's log.", LogMessage),
        "chunk": Message("A part of a result.", ChunkMessage),
        "error": Message("What was wrong with a message; the connection goes on.", ErrorMessage),
    }
    asked = {op: Message(f"To {op}: what the filter matches.", _request(op, schemas)) for op in _ASKS}
    query = {"type": "object", "properties": {**_one_or_more(schemas), "after": {"type": "string"}}}
    return Channel(
        address=STREAM,
        server="websocket",
        summary="What happens to tasks. Without query or message: all of the tenant; several filters add up.",
        messages={**asked, **told},
        actions={"ask": Action("receive", _ASKS), "tell": Action("send", tuple(told))},
        bindings={"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
        more={"x-close-codes": _CLOSED},
    )


def _request(op: str, schemas: Schemas) -> dict[str, Any]:
    """Return the schema of a client's message: a filter names of each field one value, or several."""
    fields = {"type": "object", "properties": _one_or_more(schemas), "additionalProperties": False}
    seen = {"type": "object", "description": "versions that were seen, by task id", "additionalProperties": _SEEN}
    return {
        "type": "object",
        "properties": {"op": {"const": op}, "filter": fields, "after": seen},
        "required": ["op"],
        "additionalProperties": False,
    }


def _one_or_more(schemas: Schemas) -> Mapping[str, Any]:
    return {name: {"anyOf": [told["items"], told]} for name, told in schemas.properties(Filter)}


def _events() -> Channel:
    told = {
        "status": Message("A new version of the task; its id is the version.", Snapshot),
        "progress": Message("How far it is.", Snapshot),
        "log": Message("A line of its handler's log.", LogLine),
        "chunk": Message("A part of its result.", ChunkData),
    }
    return Channel(
        address=_EVENTS,
        server="http",
        summary="What happens to one task. Last-Event-ID resumes; the terminal status ends it.",
        messages={name: message._replace(content_type="text/event-stream") for name, message in told.items()},
        actions={"stream": Action("send", tuple(told))},
        parameters={"task_id": {"description": "the id of a task"}},
    )
