"""What holds of a cell in Redis between any two calls (``lua/README.md``), checked on all that it holds."""

from collections import defaultdict
from typing import Any

import msgspec
from redis.asyncio import Redis
from support.scheduler import keyspace

from xqueue_common.cell import Cell
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.task import TaskRow

PRIORITY_STEP = 2**44
Zset = dict[bytes, float]


async def check_invariants(redis: Redis, cell: Cell) -> None:
    """Check every invariant that can be seen in Redis alone."""
    keys = await keyspace.plain(redis, cell.base)
    tasks: dict[str, TaskRow] = {}
    for name in keys:
        if name.startswith("t:"):
            row = (await cell.read(name[2:])).task
            assert row is not None, name
            tasks[name[2:]] = row
    _scopes(keys, tasks)
    queues = _queues(keys, tasks)
    groups = _groups(keys, tasks, queues)
    ready = _ready(keys, queues, groups)
    _lanes(keys, ready)
    _free(keys)
    _timers(keys, tasks)
    _counts(keys, tasks)


def _named(keys: keyspace.Plain, prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: value for name, value in keys.items() if name.startswith(prefix)}


def _group(row: TaskRow) -> str:
    return f"{row.spec.tenant}/{row.spec.concurrency_key or ''}"


def _scopes(keys: keyspace.Plain, tasks: dict[str, TaskRow]) -> None:
    wanted: defaultdict[str, set[bytes]] = defaultdict(set)
    for task_id, row in tasks.items():
        if row.state.status == "processing":
            for scope in (row.state.held or "").split("\n"):
                wanted[scope].add(f"{task_id}:{row.state.attempt}".encode())
        else:
            assert row.state.held is None, f"{task_id} is {row.state.status} and holds {row.state.held}"
    assert _named(keys, "s:") == wanted, "members of scopes are the attempts that list them"


def _queues(keys: keyspace.Plain, tasks: dict[str, TaskRow]) -> dict[tuple[str, str], Zset]:
    wanted: defaultdict[tuple[str, str], Zset] = defaultdict(dict)
    for task_id, row in tasks.items():
        if row.state.status == "pending":
            score = (255 - row.state.priority) * PRIORITY_STEP + row.state.order
            wanted[f"{row.spec.queue}/{row.spec.type}", _group(row)][task_id.encode()] = score
    found: dict[tuple[str, str], Zset] = {}
    for name, value in _named(keys, "q:").items():
        lane, _, group = name.partition(":")
        found[lane, group] = value
    assert found == wanted, "what is pending waits in the queue of its lane and group, and nothing else does"
    return wanted


def _groups(
    keys: keyspace.Plain, tasks: dict[str, TaskRow], queues: dict[tuple[str, str], Zset]
) -> dict[str, float]:
    """Return how many more attempts each group may have."""
    room: dict[str, float] = {}
    stored = {name: msgspec.msgpack.decode(value) for name, value in _named(keys, "g:").items()}
    for row in tasks.values():
        group = _group(row)
        running = len(keys.get(f"s:k/{group}", ()))
        limit = stored.get(group, [None])[0] or None
        room[group] = float("inf") if limit is None else limit - running
    alive = {_group(row) for row in tasks.values() if row.state.status not in TERMINAL}
    for group, (_, *lanes) in stored.items():
        waits_in = {lane for lane, known in queues if known == group}
        assert {lane for lane in lanes if isinstance(lane, str)} == waits_in, f"lanes of group {group}"
        assert group in alive, f"group {group} is kept without need"
    return room


def _ready(keys: keyspace.Plain, queues: dict[tuple[str, str], Zset], room: dict[str, float]) -> dict[str, Zset]:
    wanted: defaultdict[str, Zset] = defaultdict(dict)
    for (lane, group), waiting in queues.items():
        if room[group] > 0:
            wanted[lane][group.encode()] = min(waiting.values())
    assert _named(keys, "r:") == wanted, "ready are exactly the groups with waiting tasks and room"
    return wanted


def _lanes(keys: keyspace.Plain, ready: dict[str, Zset]) -> None:
    first = {lane.encode(): min(groups.values()) for lane, groups in ready.items()}
    assert keys.get("lanes", {}) == first, "the lanes are listed by the score of their first"
    for profile, value in keys.get("profiles", {}).items():
        queues, types = msgspec.msgpack.decode(value)
        wanted = {lane: score for lane, score in first.items() if _serves(queues, types, lane.decode())}
        assert keys.get(f"b:{profile.decode()}", {}) == wanted, f"best of {profile.decode()}"


def _serves(queues: list[str], types: list[str], lane: str) -> bool:
    queue, _, task_type = lane.partition("/")
    return task_type in types and any(
        queue.startswith(pattern[:-1]) if pattern.endswith("*") else queue == pattern for pattern in queues
    )


def _free(keys: keyspace.Plain) -> None:
    wanted: defaultdict[str, Zset] = defaultdict(dict)
    for incarnation, value in keys.get("workers", {}).items():
        _, _, _, slots, profile, _ = msgspec.msgpack.decode(value)
        free = slots - len(keys.get(f"s:w/{incarnation.decode()}", ()))
        if free > 0:
            wanted[profile][incarnation] = free
    assert _named(keys, "f:") == wanted, "free are exactly the workers with a slot to give"


def _timers(keys: keyspace.Plain, tasks: dict[str, TaskRow]) -> None:
    timers: Zset = keys.get("timers", {})
    wanted = {task_id.encode() for task_id, row in tasks.items() if row.state.due_ms is not None}
    assert timers.keys() == wanted, "timed are exactly the tasks with a due time"
    for task_id, row in tasks.items():
        if row.state.status in ("scheduled", "pending") and row.state.due_ms is not None:
            assert timers[task_id.encode()] == row.state.due_ms, task_id


def _counts(keys: keyspace.Plain, tasks: dict[str, TaskRow]) -> None:
    wanted: defaultdict[str, int] = defaultdict(int)
    for row in tasks.values():
        if row.state.status not in TERMINAL:
            wanted[str(row.state.status)] += 1
    found = {name.decode(): int(count) for name, count in keys.get("open", {}).items() if int(count)}
    assert found == wanted, "open tasks are counted right"
