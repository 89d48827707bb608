"""What a watcher wants, and what it has seen: all that outlives a connection. No I/O."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_client.errors import NotFound, XQueueClientError
from xqueue_client.events import ChunkEvent, Event, LogEvent, ProgressEvent
from xqueue_client.filters import Pairs, WatchFilter, pairs
from xqueue_client.http.problems import ProblemDetails, refusal
from xqueue_client.snapshot import Snapshot

_NAMED = 100
"""Tasks named at once: a request line has room for 8 KiB, a message of the gateway's for 200 tasks."""
MOST_NAMED = 2_000
"""What a gateway takes on one connection."""


class _Kind(Struct):
    event: str


class _ErrorMessage(Struct):
    error: ProblemDetails


_kind = msgspec.json.Decoder(_Kind)
_event = msgspec.json.Decoder(Event)
_error = msgspec.json.Decoder(_ErrorMessage)

_EVENTS = ("status", "progress", "log", "chunk")


class Following:
    """Which tasks are followed, and up to which version."""

    def __init__(self, wanted: WatchFilter) -> None:
        named = wanted.get("task_id", ())
        ids = [named] if isinstance(named, str) else list(named)
        if "task_id" in wanted and not 0 < len(ids) <= MOST_NAMED:
            message = f"task_id names {len(ids)} tasks: 1 to {MOST_NAMED} can be watched"
            raise ValueError(message)
        self._rest = [(name, text) for name, text in pairs(wanted) if name != "task_id"]
        self._awaited = dict.fromkeys(ids)  # named, and not ended
        self._names = bool(ids)
        self._seen: dict[str, int] = {}  # versions of open tasks, those that changed last at the end

    @property
    def done(self) -> bool:
        """Whether all tasks that were named have ended."""
        return self._names and not self._awaited

    def query(self) -> Pairs:
        """Return how to say what is wanted in the address; the rest is said in messages."""
        return [*self._rest, *(("task_id", task_id) for task_id in islice(self._awaited, _NAMED))]

    def messages(self) -> Iterator[str]:
        """Return what to say once connected: the tasks not named in the address, and what has been seen."""
        for part in _parts(islice(self._awaited, _NAMED, None)):
            yield self._subscribe(part, {})
        for part in _parts(list(self._seen)):
            named = [task_id for task_id in part if task_id in self._awaited]
            yield self._subscribe(named, {task_id: self._seen[task_id] for task_id in part})

    def take(self, text: str) -> Event | None:
        """Return the event in a message, if it is one and it is new.

        Raises:
            XQueueClientError: the gateway says that something is wrong.
            msgspec.DecodeError: it is none of our messages.
        """
        kind = _kind.decode(text).event
        if kind == "error":
            self._heed(refusal(_error.decode(text).error))
        if kind not in _EVENTS:
            return None
        event: Event = _event.decode(text)
        return event if self._is_new(event) else None

    def _heed(self, error: XQueueClientError) -> None:
        if isinstance(error, NotFound) and not self._names:
            return  # it ended long ago, while we were away
        raise error

    def _is_new(self, event: Event) -> bool:
        if isinstance(event, LogEvent | ChunkEvent):
            return True
        task_id, version = event.task.task_id, event.task.version
        if self._names and task_id not in self._awaited:
            return False
        if isinstance(event, ProgressEvent):
            return True  # it has the version of its grant, which is lower than what was told since
        if version <= self._seen.pop(task_id, 0):
            self._seen[task_id] = version
            return False
        self._note(event.task)
        return True

    def _note(self, task: Snapshot) -> None:
        if task.ended:
            self._awaited.pop(task.task_id, None)
            return
        self._seen[task.task_id] = task.version
        if len(self._seen) > MOST_NAMED:
            del self._seen[next(iter(self._seen))]

    def _subscribe(self, task_ids: list[str], after: dict[str, int]) -> str:
        wanted: dict[str, list[str]] = {"task_id": task_ids} if task_ids else {}
        for name, text in self._rest:
            wanted.setdefault(name, []).append(text)
        message: dict[str, Any] = {"op": "subscribe", "filter": wanted, "after": after}
        return msgspec.json.encode(message).decode()


def _parts(task_ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(task_ids)
    while part := list(islice(rest, _NAMED)):
        yield part
