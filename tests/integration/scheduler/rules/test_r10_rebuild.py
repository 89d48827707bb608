"""R10: what a rebuild makes out of the log alone is what Redis held."""

from typing import Any

import msgspec
import pytest
from msgspec import structs
from support.eventually import eventually
from support.scheduler.invariants import check_invariants
from support.scheduler.making import finished, started, submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, takes
from support.scheduler.world import World

from xqueue_scheduler.logstate import LogState
from xqueue_scheduler.rebuild import Rebuilder
from xqueue_scheduler.store.keys import KEYS

SOFT = (
    "",
    "opens",
    "marks",
    "claims",
    "inboxes",
    "workers",
    "beats",
    "profiles",
    "timers",
    "estimates",
    "idle",
    "rates",
    "clocks",
    "rests",
)
"""Keys that a rebuild need not restore: the head and timers are compared apart, the rest comes with heartbeats."""
LARGE = "x" * 5_000


async def everything_visible(world: World) -> dict[str, Any]:
    """Return what can be seen of a cell: all but leases and what workers say with each heartbeat."""
    keys = await world.keys()
    seen = {
        name: value
        for name, value in keys.items()
        if name not in SOFT and name[:2] not in ("t:", "f:", "b:", "h:", KEYS["outbox"].suffix)
    }
    for name in list(seen):
        kind = name[:2]
        if kind == "g:":
            _tag, _owed, limit, weight, scheduled, waiting, *levels = msgspec.msgpack.decode(seen[name])
            seen[name] = (limit, weight, scheduled, waiting, sorted(levels[::2]))
        elif kind == "n:":
            _tag, _owed, _furthest, total, groups, waiting, *levels = msgspec.msgpack.decode(seen[name])
            seen[name] = (total, groups, waiting, sorted(zip(levels[::5], levels[1::5], strict=True)))
        elif kind in ("u:", "r:"):
            seen[name] = set(seen[name])  # shares begin anew
        elif kind == "c:":
            seen[name] = {what: _without_call(value) for what, value in seen[name].items()}
    for name in keys:
        if name.startswith("t:"):
            seen[name] = await _task(world, name[2:], keys["timers"])
    for name in ("totals", "open"):
        seen[name] = {what: count for what, count in keys[name].items() if count != b"0"}
    head = keys[""]
    seen["seq"], seen["cmd"], seen["rep"] = head[b"seq"], head[b"cmd"], head[b"rep"]
    return seen


def _without_call(setting: bytes) -> list[bytes]:
    version, _call, json = setting.split(b"\n", 2)
    return [version, json]


async def _task(world: World, task_id: str, timers: dict[bytes, float]) -> Any:
    reading = await world.cell.read(task_id)
    assert reading.task is not None
    state, timer = reading.task.state, timers.get(task_id.encode())
    if state.status == "processing" and not state.cancel:
        state, timer = structs.replace(state, due_ms=None), None
    return (reading.task.spec, state, reading.position, timer)


async def a_cell_with_tasks_in_every_state(world: World) -> None:
    """Tasks wait, run, are retried, cancelled and ended, with and without keys; then Redis is lost."""
    owner = await world.owner("first")
    worker = await world.worker(slots=6)
    later = world.clock.now_ms() + 600_000
    ended, failing, running, asked, unclaimed, held = await world.submit_all(
        submission({"a": [1, "ü"]}, labels={"l": "v"}, priority=9),
        submission("retried", key="r", limit=2, max_retry=5),
        submission(LARGE, key="k", limit=1),
        submission("cancel", key="c", limit=3),
        submission("unclaimed"),
        submission("held", key="m", limit=2),
    )
    await goes_on(owner)
    for task in (ended, failing, running, asked, held):
        await worker.begin(await world.dispatch_of(task))
    await world.report(started(running, (await world.dispatch_of(running)).token, 1))
    await world.report(finished(ended, (await world.dispatch_of(ended)).token, result={"r": 1}))
    await world.report(
        finished(failing, (await world.dispatch_of(failing)).token, "failed", retryable=True, retry_after_ms=99_000)
    )
    await world.cancel(asked)
    await goes_on(owner)
    await world.submit_all(
        submission(LARGE, key="k", limit=1),
        submission("first", key="k", limit=1, priority=7),
        submission("later", run_at_ms=later),
        submission("later", key="s", limit=1, run_at_ms=later),
        submission("nobody serves it", type="other", queue_timeout_ms=None),
        submission("nobody serves it", type="other", key="k2", limit=4),
        # The latest submission sets the limit, here to less than runs already.
        submission("lower", key="m", limit=1),
    )
    gone = await world.submit(key="k", limit=1)
    await world.cancel(gone)
    await goes_on(owner)
    before = await everything_visible(world)
    await world.flush()

    await goes_on(await takes(world.scheduler("second")))

    await check_invariants(world.redis, world.cell)
    after = await everything_visible(world)
    assert after.keys() == before.keys()
    for name in before:
        assert after[name] == before[name], name
    await world.agrees()
    assert (await world.dispatch_of(unclaimed)).attempt == 1


async def a_full_key_has_a_task_waiting_before_the_one_that_runs(world: World) -> None:
    """The first task of a key waits for its retry while the second runs; then Redis is lost."""
    owner = await world.owner("first")
    worker = await world.worker()
    tasks = await world.submit_all(submission(key="k", limit=1), submission(key="k", limit=1))
    await goes_on(owner)
    first = await world.dispatch_of(tasks[0])
    await worker.begin(first)
    await worker.finish(first, "failed", retryable=True, retry_after_ms=1_000)
    await goes_on(owner)
    await world.pass_time(2_000)
    await goes_on(owner)
    await eventually(lambda: _fired(world))
    await goes_on(owner)
    assert [await _status(world, task) for task in tasks] == ["pending", "processing"]
    await check_invariants(world.redis, world.cell)
    await world.flush()

    await takes(world.scheduler("second"))

    await check_invariants(world.redis, world.cell)


async def _fired(world: World) -> bool:
    return world.end(world.topics.reports) > 1


async def _status(world: World, task: str) -> str | None:
    state = await world.state(task)
    return state and str(state.status)


async def the_tasks_of_a_rebuilt_cell_run(world: World) -> None:
    """Everything that waits is run after a rebuild, with its payload."""
    owner = await world.owner("first")
    tasks = await world.submit_all(
        submission({"n": 1}), submission(LARGE, key="k", limit=1), submission("z", key="k", limit=1)
    )
    await goes_on(owner)
    await world.flush()
    second = await takes(world.scheduler("second"))
    worker = await world.worker(slots=3)
    await goes_on(second)
    for task, payload in zip(tasks, ({"n": 1}, LARGE, "z"), strict=True):
        dispatch = await world.dispatch_of(task)
        await worker.begin(dispatch)
        assert msgspec.json.decode(dispatch.payload) == payload
        await worker.finish(dispatch)
        await goes_on(second)
    await world.agrees()
    assert world.all_ended(tasks)


SCENARIOS = [
    a_cell_with_tasks_in_every_state,
    a_full_key_has_a_task_waiting_before_the_one_that_runs,
    the_tasks_of_a_rebuilt_cell_run,
]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_rebuild_restores(scenario: Any, anywhere: World) -> None:
    await scenario(anywhere)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        (
            "    Attempt.hold(task)\n    Attempt.charge_again(task)\n",
            "",
        ),
        ("  elseif state[S.status] == 'pending' then\n    Lane.enqueue(task)\n", ""),
        ("Group.want(Group.load(row[1]), row[2] or nil, row[3] or nil)", ""),
        ("for name, count in pairs(totals) do redis.call('HSET', C.base .. KEY.totals, name, count) end", ""),
        (
            "  head.seq, head.dirty, head.mode = seq, 0, 'running'",
            "  head.seq, head.dirty, head.mode = 0, 0, 'running'",
        ),
    ],
    ids=["slots", "waiting", "limits", "totals", "order"],
)
async def test_a_rebuild_would_not_restore_everything_without(
    text: str, instead: str, paper: World, mutate: Mutate
) -> None:
    mutate(text, instead)
    await breaks(a_cell_with_tasks_in_every_state, paper)


async def test_without_the_commands_log_payloads_would_be_lost(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_args: Any) -> dict[int, bytes]:
        return {}

    monkeypatch.setattr(Rebuilder, "_payloads", none)
    await breaks(the_tasks_of_a_rebuilt_cell_run, paper)


async def test_without_deadlines_in_the_snapshot_a_rebuilt_attempt_would_run_for_ever(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = LogState._keep

    def forget(state: LogState, record: Any) -> None:
        keep(state, structs.replace(record, state=structs.replace(record.state, deadline_ms=None)))

    monkeypatch.setattr(LogState, "_keep", forget)
    await breaks(a_cell_with_tasks_in_every_state, paper)


async def test_what_ended_long_ago_is_not_loaded_again(anywhere: World) -> None:
    world = anywhere
    owner = await world.owner("first", ended_ttl_s=60)
    old = await world.submit()
    await world.cancel(old)
    await goes_on(owner)
    await world.pass_time(61_000)
    young = await world.submit()
    await world.cancel(young)
    await goes_on(owner)
    await world.flush()

    await takes(world.scheduler("second", ended_ttl_s=60))

    assert await world.state(old) is None
    assert (await world.state(young)) is not None


async def test_counts_are_right_after_half_a_call_was_told(anywhere: World) -> None:
    """The totals stand on the last record of a call; what the others say was counted must not be forgotten."""
    world = anywhere
    owner = await world.owner("first")
    worker = await world.worker(slots=2)
    tasks = await world.submit_all(submission(), submission())
    await goes_on(owner)
    for task in tasks:
        await worker.begin(await world.dispatch_of(task))
    await world.report(*[finished(task, (await world.dispatch_of(task)).token) for task in tasks])
    owner.cut_status = 1
    await owner.round()
    with pytest.raises(Exception, match="in the middle"):
        await owner.settle()
    await world.flush()

    await goes_on(await takes(world.scheduler("second")))

    totals = (await world.cell.stats()).totals
    assert (totals["submitted"], totals["success"]) == (2, 2)
