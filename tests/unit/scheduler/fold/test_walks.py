"""What holds of the model along random walks; the cell in Redis is compared with it along others."""

from collections import Counter
from random import Random
from typing import Any

import pytest
from support.scheduler.fold import views
from support.scheduler.fold.limits import limit_of, pinned, scopes
from support.scheduler.fold.playing import Play
from support.scheduler.fold.shares import Flow
from support.scheduler.fold.state import Heard, Task
from support.scheduler.making import cancel, finished, returned, started, submission

from xqueue_common.events import Command, Configure, Purge, Reorder, Reprioritize, TimerFired
from xqueue_common.lifecycle import EDGES, Status
from xqueue_common.limits import Limit, QueueSettings, Rate
from xqueue_common.task import Resources

OUTCOMES = ["success", "success", "failed", "canceled", "process_timeout"]
LIMITS = ["limit/tenant/a", "limit/type/t", "limit/key/a/k", "limit/key/b/l"]


class Walk:
    """A cell to which anything happens."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.play = Play(slots=4, gpu_memory_mb=4_000, types=("t", "u"))
        self.fold = self.play.fold

    def step(self) -> None:
        """Let something happen, and check what holds."""
        chance, before = self.chance, {name: task.status for name, task in self.fold.tasks.items()}
        flows = dict(self.fold.tenants.flows)
        reports = tuple(self.report(task) for task in self.fold.open() if chance.random() < 0.2)
        makers = [self.submit] * 6 + [self.change, self.configure]
        commands = [maker() for maker in chance.choices(makers, k=chance.randrange(5))]
        if chance.random() < 0.2:
            self.play.offers(chance.choice("vw"), slots=chance.randrange(6), gpu_memory_mb=6_000, types=("t", "u"))
        grants = self.play.call(*commands, reports=reports, after_ms=chance.choice([0, 1, 300, 2_000]))
        self.check_limits({grant.task_id for grant in grants})
        self.check_ways(before)
        self.check_flows(flows)
        if chance.random() < 0.03:
            self.play.cell.lose(self.play.now_ms)

    def report(self, task: Task) -> Heard:
        name, chance = task.spec.task_id, self.chance
        if task.status is not Status.PROCESSING:
            timer: Any = "delay" if task.status is Status.SCHEDULED else chance.choice(["queue_timeout", "lease"])
            return Heard(task.attempt, TimerFired(name, None, timer, 0))
        ended = finished(name, "", chance.choice(OUTCOMES), retry_after_ms=chance.choice([None, 0]))
        lease = TimerFired(name, None, "lease", 0)
        said = chance.choice([ended, ended, started(name, ""), returned(name, ""), lease])
        return Heard(task.attempt - (chance.random() < 0.1), said)

    def submit(self) -> Command:
        chance = self.chance
        return submission(
            task_id=str(len(self.fold.tasks) + chance.randrange(3)),
            tenant=chance.choice("ab"),
            queue=chance.choice("qr"),
            type=chance.choice("tu"),
            key=chance.choice(["k", "l", None]),
            limit=chance.choice([None, 1, 2]),
            weight=chance.choice([None, 0.5, 4.0]),
            priority=chance.choice([0, 0, 3]),
            resources=chance.choice([None, None, Resources(slots=2, gpu_memory_mb=3_000)]),
            run_at_ms=chance.choice([None, None, self.play.now_ms + 500]),
        )

    def change(self) -> Command:
        chance, names = self.chance, list(self.fold.tasks) or ["nobody"]
        tenant, name = chance.choice("ab"), chance.choice(names)
        return chance.choice(
            [
                cancel(name, tenant),
                Reprioritize(name, tenant, chance.randrange(4)),
                Reorder(chance.choice("qr"), chance.sample(names, min(3, len(names)))),
                Purge(chance.choice("qr"), chance.choice([None, "a"])),
            ]
        )

    def configure(self) -> Command:
        chance = self.chance
        rate = chance.choice([None, Rate(3, 2), Rate(0.5)])
        most, paused = chance.choice([None, 1, 3]), chance.random() < 0.05
        if chance.random() < 0.5:
            value: Any = chance.choice([None, QueueSettings(max_concurrency=most, rate=rate, paused=paused)])
            return Configure(f"queue/{chance.choice('qr')}", value, force=chance.random() < 0.5)
        value = chance.choice([None, Limit(most, rate, chance.choice([None, 2.0]), paused=paused)])
        return Configure(chance.choice(LIMITS), value)

    def check_limits(self, granted: set[str]) -> None:
        """What was granted now was within all limits when it was granted, so it is now."""
        members = Counter(scope for task in self.fold.running() for scope in scopes(task))
        for task in self.fold.running():
            for scope in scopes(task) if task.spec.task_id in granted else []:
                limit, pin = limit_of(self.fold, scope), pinned(self.fold, scope)
                assert limit is None or members[scope] <= limit, scope
                assert not (pin and pin.paused), scope

    def check_flows(self, before: dict[str, Flow]) -> None:
        """What was served does not go back, unless all is forgotten."""
        for name, flow in self.fold.tenants.flows.items():
            assert flow.owed <= 0, name
            assert not self.fold.tenants.clocks or flow.s >= before.get(name, Flow()).s, name

    def check_ways(self, before: dict[str, Status]) -> None:
        """Tasks go the ways of the lifecycle, several at once in a call."""
        for name, task in self.fold.tasks.items():
            assert _leads(before.get(name), task.status), (before.get(name), task.status)


def _leads(before: Status | None, after: Status) -> bool:
    reached = {before}
    for _ in Status:
        reached |= {end for start, end in EDGES if start in reached}
    return after in reached


@pytest.mark.parametrize("seed", range(30))
def test_limits_hold_shares_never_go_back_and_tasks_go_the_ways_of_the_lifecycle(seed: int) -> None:
    walk = Walk(Random(seed))
    for _ in range(60):
        walk.step()
    granted = Counter(walk.play.granted)
    assert sum(granted.values()) >= 10
    assert views.levels(walk.fold).keys() <= {task.level for task in walk.fold.open()}


def test_the_same_walk_comes_to_the_same() -> None:
    ends = []
    for _ in range(2):
        walk = Walk(Random(7))
        for _ in range(40):
            walk.step()
        ends.append((views.standings(walk.fold), walk.fold.tenants))
    assert ends[0] == ends[1]
