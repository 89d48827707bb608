"""What holds of a cell in Redis between any two calls (``lua/README.md``), checked on all that it holds."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from support.scheduler import keyspace

from xqueue_common.cell import Cell
from xqueue_common.lifecycle import TERMINAL
from xqueue_common.task import StateRow, TaskRow, spec_of_row
from xqueue_scheduler.store.rows import lane_of

Zset = dict[bytes, float]
Tasks = Mapping[str, TaskRow]


def by_order(state: StateRow) -> float:
    """Return the place of a task under our policy."""
    return state.order


async def check_invariants(redis: Redis, cell: Cell, place: Callable[[StateRow], float] = by_order) -> None:
    """Check every invariant that can be seen in Redis alone; ``place`` is that of the policy."""
    keys = await keyspace.plain(redis, cell.base)
    tasks: dict[str, TaskRow] = {}
    for name in keys:
        if name.startswith("t:"):
            row = (await cell.read(name[2:])).task
            assert row is not None, name
            tasks[name[2:]] = row
    _scopes(keys, tasks)
    queues = _queues(keys, tasks, place)
    _flows(keys, tasks, queues)
    _indexes(keys, queues)
    _free(keys)
    _models(keys)
    _timers(keys, tasks)
    _counts(keys, tasks)


def _named(keys: keyspace.Plain, prefix: str) -> dict[str, Any]:
    return {name[len(prefix) :]: value for name, value in keys.items() if name.startswith(prefix)}


def group_of(row: TaskRow) -> str:
    """Return the group of a task."""
    return f"{row.spec.tenant}/{row.spec.concurrency_key or ''}"


def _tenant(group: str) -> str:
    return group.partition("/")[0]


def level_of(row: TaskRow) -> str:
    """Return the level at which a task waits."""
    return f"{lane_of(spec_of_row(row.spec))}/{row.state.rank or row.state.priority}"


# ---- who holds what ----


def _member(scope: str, row: TaskRow) -> bytes:
    name = f"{row.spec.task_id}:{row.state.attempt}"
    if scope.startswith("x/"):
        assert row.spec.resources is not None
        name += f":{row.spec.resources.slots - 1}:{row.spec.resources.gpu_memory_mb}"
    return name.encode()


def _scopes(keys: keyspace.Plain, tasks: Tasks) -> None:
    wanted: defaultdict[str, set[bytes]] = defaultdict(set)
    for task_id, row in tasks.items():
        if row.state.status == "processing":
            for scope in (row.state.held or "").split("\n"):
                wanted[scope].add(_member(scope, row))
        else:
            assert row.state.held is None, f"{task_id} is {row.state.status} and holds {row.state.held}"
    assert _named(keys, "s:") == wanted, "members of scopes are the attempts that list them"


# ---- what waits ----


class Place(NamedTuple):
    """Where a group waits."""

    level: str
    group: str


Queues = dict[Place, Zset]


def _queues(keys: keyspace.Plain, tasks: Tasks, place_of: Callable[[StateRow], float]) -> Queues:
    wanted: defaultdict[Place, Zset] = defaultdict(dict)
    for task_id, row in tasks.items():
        if row.state.status == "pending":
            wanted[Place(level_of(row), group_of(row))][task_id.encode()] = place_of(row.state)
    found = {Place(*name.split(":", 1)): value for name, value in _named(keys, "q:").items()}
    assert found == wanted, "what is pending waits at the level of its group, and nothing else does"
    members: defaultdict[str, set[bytes]] = defaultdict(set)
    counts: defaultdict[str, int] = defaultdict(int)
    for place, waiting in wanted.items():
        members[place.level].add(place.group.encode())
        counts[place.level] += len(waiting)
    assert _named(keys, "m:") == members, "the members of a level are its groups"
    found_counts = {name.decode(): int(count) for name, count in keys.get("levels", {}).items()}
    assert found_counts == counts, "levels are counted right"
    return wanted


def _flows(keys: keyspace.Plain, tasks: Tasks, queues: Queues) -> None:
    groups = {name: msgspec.msgpack.decode(value) for name, value in _named(keys, "g:").items()}
    tenants = {name: msgspec.msgpack.decode(value) for name, value in _named(keys, "n:").items()}
    alive = {group_of(row) for row in tasks.values() if row.state.status not in TERMINAL}
    assert groups.keys() == alive, "groups have a record exactly while they have open tasks"
    _groups(groups, tasks, queues)
    _lifts(keys, groups, tenants)
    _tenants(keys, tenants, tasks, groups, queues)


def _open(tasks: Tasks, status: str, group: str) -> int:
    return sum(row.state.status == status and group_of(row) == group for row in tasks.values())


def _groups(groups: dict[str, Any], tasks: Tasks, queues: Queues) -> None:
    for name, (_tag, owed, _limit, _weight, scheduled, waiting, *levels) in groups.items():
        assert (scheduled, waiting) == (_open(tasks, "scheduled", name), _open(tasks, "pending", name)), name
        assert set(levels[::2]) == {place.level for place in queues if place.group == name}, f"levels of {name}"
        assert owed <= 0, f"group {name} owes what should be in its tag"


def _lifts(keys: keyspace.Plain, groups: dict[str, Any], tenants: dict[str, Any]) -> None:
    """Check that exactly what stands in an index has a lift, and that exactly the clocks of such levels go."""
    lifted = {
        (f"u:{level}:{_tenant(name)}", name.encode())
        for name, fields in groups.items()
        for level, lift in zip(fields[6::2], fields[7::2], strict=True)
        if lift is not False
    }
    lifted |= {
        (f"r:{level}", name.encode())
        for name, fields in tenants.items()
        for level, lift in zip(fields[6::5], fields[8::5], strict=True)
        if lift is not False
    }
    standing = {(key, flow) for key in keys if key[:2] in ("u:", "r:") for flow in keys[key]}
    assert lifted == standing, "what stands in an index has a lift, and nothing else does"
    going = {key[2:].encode() for key in keys if key.startswith("r:")}
    assert set(keys.get("clocks", {})) == going, "the clocks of levels with a ready tenant go"


def _weight(keys: keyspace.Plain, scope: str, wanted: float | None) -> float:
    pinned = _limit(keys, scope)
    return float((pinned and pinned[3]) or wanted or 1)


def _tenants(
    keys: keyspace.Plain, tenants: dict[str, Any], tasks: Tasks, groups: dict[str, Any], queues: Queues
) -> None:
    of = {name: [group for group in groups if _tenant(group) == name] for name in {_tenant(g) for g in groups}}
    assert tenants.keys() >= of.keys(), "a tenant with groups has a record"
    idle = {name.encode() for name in tenants if name not in of}
    assert keys.get("idle", {}).keys() == idle, "idle are exactly the tenants without open tasks"
    for name, (_tag, owed, _furthest, total, count, waiting, *levels) in tenants.items():
        mine = of.get(name, [])
        assert count == len(mine), f"groups of tenant {name}"
        weights = sum(_weight(keys, f"k/{group}", groups[group][3] or None) for group in mine)
        assert math.isclose(total, weights, abs_tol=1e-6), f"weights of the groups of tenant {name}"
        open_tasks = [row for row in tasks.values() if row.spec.tenant == name]
        assert waiting == sum(row.state.status in ("pending", "scheduled") for row in open_tasks), name
        places = [place.level for place in queues if _tenant(place.group) == name]
        assert dict(zip(levels[::5], levels[1::5], strict=True)) == {it: places.count(it) for it in places}, name
        for level, ready in zip(levels[::5], levels[4::5], strict=True):
            assert ready == len(keys.get(f"u:{level}:{name}", ())), f"ready groups of {name} at {level}"
        assert owed <= 0, f"tenant {name} owes what should be in its tag"
    assert int(keys[""].get(b"tenants", 0)) == len(of), "tenants are counted right"
    total = sum(_weight(keys, f"n/{name}", None) for name in of)
    assert math.isclose(float(keys[""].get(b"vw", 0)), total, abs_tol=1e-6), "weights of the tenants"


# ---- what may run ----


def _limit(keys: keyspace.Plain, scope: str) -> Any:
    packed = keys.get("limits", {}).get(scope.encode())
    return packed and msgspec.msgpack.decode(packed)


def _tokens(keys: keyspace.Plain, scope: str, interval: float, burst: int) -> float:
    now = int(keys[""][b"now"]) * 1000
    tat = max(float(keys.get("rates", {}).get(scope.encode(), 0)), now)
    return (now - int(tat)) // int(interval) + burst


def room(keys: keyspace.Plain, scope: str, wanted: int | None = None) -> float:
    """Return how many more attempts a scope may have."""
    most, interval, burst, _, paused, *_ = _limit(keys, scope) or (None, None, None, None, False)
    if paused:
        return 0
    most = most or wanted
    free = math.inf if not most else most - len(keys.get(f"s:{scope}", ()))
    return min(free, _tokens(keys, scope, interval, burst)) if interval else free


def _group_room(keys: keyspace.Plain, group: str) -> float:
    wanted = msgspec.msgpack.decode(keys[f"g:{group}"])[2] or None
    return room(keys, f"k/{group}", wanted)


def _indexes(keys: keyspace.Plain, queues: Queues) -> None:
    turns: defaultdict[str, set[bytes]] = defaultdict(set)
    ready: defaultdict[str, set[bytes]] = defaultdict(set)
    led: defaultdict[str, float] = defaultdict(float)
    for place, waiting in queues.items():
        if _group_room(keys, place.group) > 0:
            tenant = _tenant(place.group)
            turns[f"{place.level}:{tenant}"].add(place.group.encode())
            if room(keys, f"n/{tenant}") > 0:
                ready[place.level].add(tenant.encode())
                led[place.level] = min(led[place.level], *waiting.values())
    assert {name: set(tags) for name, tags in _named(keys, "u:").items()} == turns, "turns: groups with room"
    found = {name: set(tags) for name, tags in _named(keys, "r:").items()}
    assert found == ready, "ready: tenants with room and a group that has"
    for level, tags in _named(keys, "r:").items():
        assert min(0, *tags.values(), 0) == led[level], f"who was put first at {level}"
    _best(keys, {level for level in ready if _level_room(keys, level) > 0})


def _level_room(keys: keyspace.Plain, level: str) -> float:
    queue, task_type, *_ = level.split("/")
    return min(room(keys, f"q/{queue}"), room(keys, f"t/{task_type}"))


def _best(keys: keyspace.Plain, levels: set[str]) -> None:
    best: defaultdict[str, set[bytes]] = defaultdict(set)
    tops: defaultdict[str, Zset] = defaultdict(dict)
    for profile, value in keys.get("profiles", {}).items():
        queues, types = msgspec.msgpack.decode(value)
        for level in levels:
            queue, task_type, _, rank = level.split("/")
            if _serves(queues, types, queue, task_type):
                best[f"{profile.decode()}:{rank}"].add(level.encode())
                tops[profile.decode()][rank.encode()] = -float(rank.partition("@")[0])
    assert {name: set(tags) for name, tags in _named(keys, "b:").items()} == best, "best: levels that may run"
    assert _named(keys, "h:") == tops, "tops: the priorities of best indexes"
    for name, tags in _named(keys, "b:").items():
        for level, bound in tags.items():
            first = min(keys[f"r:{level.decode()}"].values())
            assert bound <= first, f"{name} says of {level.decode()} what comes after its first"


def _serves(queues: list[str], types: list[str], queue: str, task_type: str) -> bool:
    return task_type in types and any(
        queue.startswith(pattern[:-1]) if pattern.endswith("*") else queue == pattern for pattern in queues
    )


def _free(keys: keyspace.Plain) -> None:
    wanted: defaultdict[str, Zset] = defaultdict(dict)
    for incarnation, value in keys.get("workers", {}).items():
        _, _, _, slots, profile, *_ = msgspec.msgpack.decode(value)
        more = sum(int(member.split(b":")[2]) for member in keys.get(f"s:x/{incarnation.decode()}", ()))
        free = slots - len(keys.get(f"s:w/{incarnation.decode()}", ())) - more
        if free > 0:
            wanted[profile][incarnation] = free
    assert _named(keys, "f:") == wanted, "free are exactly the workers with a slot to give"


def _models(keys: keyspace.Plain) -> None:
    holders: defaultdict[str, set[bytes]] = defaultdict(set)
    for incarnation, value in keys.get("workers", {}).items():
        for model in msgspec.msgpack.decode(value)[-1]:
            holders[model].add(incarnation)
    assert _named(keys, "l:") == holders, "holders of a model are the workers that say so"
    ready = {name.encode() for name in _named(keys, "r:")}
    assert keys.get("passed", {}).keys() <= ready, "passed over is only what may run"


# ---- the rest ----


def _timers(keys: keyspace.Plain, tasks: Tasks) -> None:
    timers: Zset = keys.get("timers", {})
    wanted = {task_id.encode() for task_id, row in tasks.items() if row.state.due_ms is not None}
    assert timers.keys() == wanted, "timed are exactly the tasks with a due time"
    for task_id, row in tasks.items():
        if row.state.status in ("scheduled", "pending") and row.state.due_ms is not None:
            assert timers[task_id.encode()] == row.state.due_ms, task_id


def _counts(keys: keyspace.Plain, tasks: Tasks) -> None:
    wanted: defaultdict[str, int] = defaultdict(int)
    scheduled: defaultdict[str, set[bytes]] = defaultdict(set)
    for task_id, row in tasks.items():
        if row.state.status not in TERMINAL:
            wanted[str(row.state.status)] += 1
        if row.state.status == "scheduled":
            scheduled[row.spec.queue].add(task_id.encode())
    found = {name.decode(): int(count) for name, count in keys.get("open", {}).items() if int(count)}
    assert found == wanted, "open tasks are counted right"
    assert _named(keys, "d:") == scheduled, "scheduled tasks are listed by their queue"
