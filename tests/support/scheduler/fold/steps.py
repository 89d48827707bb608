"""Random histories of a cell, as plain data: whoever drops some of the steps still has a history.

A step names a method of `Walker`; numbers in it point into what there is when it is made, so they always fit.
Weights are powers of two: sums of others depend on the order in which Lua adds them up.
"""

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from xqueue_common.limits import Limit, QueueSettings, Rate
from xqueue_common.task import Backoff, Resources

if TYPE_CHECKING:
    from collections.abc import Callable

TENANTS = "abc"
KEYS = ["k", "l", "m/n", None]
TYPES = ["t", "t", "t", "u", "nobody"]
QUEUES = ["q", "q", "qq", "r"]
SETTINGS = [
    *(f"queue/{queue}" for queue in sorted(set(QUEUES))),
    *(f"limit/tenant/{tenant}" for tenant in TENANTS),
    *(f"limit/type/{name}" for name in sorted(set(TYPES))),
    *(f"limit/key/{tenant}/{key}" for tenant in TENANTS for key in KEYS if key),
]
PRIORITIES = [0, 0, 0, 1, 7]
WEIGHTS = [None, None, 0.25, 1.0, 2.0, 8.0]
MODELS = ["m", "n/1", "ö:2 %"]
PATIENCE_MS = 1_000
"""How long a level may be passed over in a walk: as long as one of its steps of time."""
MANY = 1_000
FAULTY = 0.4
NO_BACKOFF = Backoff("fixed", 0)


class Step(NamedTuple):
    """A step: the name of a method of `Walker`, and its arguments."""

    name: str
    args: tuple[Any, ...] = ()


History = list[Step]


class Offering(NamedTuple):
    """A worker that may come: what it serves, and its memory. Some serve the same as others, some in part."""

    name: str
    queues: tuple[str, ...]
    types: tuple[str, ...]
    gpu_memory_mb: int = 0


WORKERS = [
    Offering("v", ("*",), ("t", "u"), 8_000),
    Offering("w", ("*",), ("t", "u"), 8_000),
    Offering("x", ("q*",), ("t",)),
    Offering("y", ("r", "q"), ("t", "u")),
]


def draw(chance: Random) -> History:
    """Draw a history."""
    plan = _Plan(chance, crowd=chance.choice([1, 2, 4]), faulty=chance.random() < FAULTY)
    return [plan.step() for _ in range(chance.randrange(10, 60))]


class _Plan:
    """One history's habits: how much comes at once, which steps are likely, and whether Redis is often lost."""

    def __init__(self, chance: Random, *, crowd: int, faulty: bool) -> None:
        self._chance = chance
        self._crowd = crowd
        self._settings = chance.sample(SETTINGS, 2)
        self._models = chance.choice([[None], [None, *MODELS], MODELS])
        steps: dict[Callable[[], Step], float] = {
            self._submit: 6,
            self._finish: 6,
            self._call: 6,
            self._offer: 1.5,
            self._claim: 1.5,
            self._timer: 1.5,
            self._time: 1.5,
            self._configure: 1.5 * chance.choice([0, 1, 2]),
            self._change: 1.5 * chance.choice([0, 1, 2]),
            self._report: 1,
            self._fault: 1.0 if faulty else 0.1,
        }
        self._makers, self._odds = list(steps), list(steps.values())

    def step(self) -> Step:
        [maker] = self._chance.choices(self._makers, self._odds)
        return maker()

    def _which(self) -> int:
        return self._chance.randrange(1_000)

    def _submit(self) -> Step:
        return Step("submit", ([self._spec() for _ in range(self._chance.randrange(1, 2 + self._crowd))],))

    def _spec(self) -> dict[str, Any]:
        chance = self._chance
        spec: dict[str, Any] = {
            "tenant": chance.choice(TENANTS),
            "key": chance.choice(KEYS),
            "queue": chance.choice(QUEUES),
            "type": chance.choice(TYPES),
            "priority": chance.choice(PRIORITIES),
            "max_retry": chance.choice([3, 3, 1, 0]),
            "backoff": chance.choice([None, None, None, NO_BACKOFF]),
            "weight": chance.choice(WEIGHTS),
            "limit": chance.choice([None, None, None, 1, 1, 2]),
            "run_at_ms": chance.choice([None] * 6 + [1, 1 << 50]),
            "queue_timeout_ms": chance.choice([None, 600_000]),
            "resources": chance.choice([None] * 5 + [Resources(0, 2), Resources(3_000, 1), Resources(5_000, 3)]),
            "model": chance.choice(self._models),
        }
        return {name: value for name, value in spec.items() if value is not None or name == "queue_timeout_ms"}

    def _finish(self) -> Step:
        chance = self._chance
        outcome = chance.choice(["success"] * 5 + ["failed"] * 3 + ["canceled", "process_timeout"])
        return Step("finish", (self._which(), outcome, chance.random() < 0.8, chance.choice([None, None, 0, 500])))

    def _report(self) -> Step:
        chance = self._chance
        return chance.choice(
            [
                Step("start", (self._which(),)),
                Step("give back", (self._which(),)),
                Step("say again", (self._which(),)),
                Step("say stale", (self._which(), chance.choice(["finish", "start", "give back", "lease"]))),
            ]
        )

    def _call(self) -> Step:
        return Step("call", (self._chance.choice([MANY, MANY, MANY, 1, 2]),))

    def _offer(self) -> Step:
        chance, worker = self._chance, self._chance.randrange(len(WORKERS))
        slots = chance.choice([0, 1, 1, 2, 3, 5])
        models = tuple(chance.sample(MODELS, chance.choice([0, 0, 1, 2])))
        offer = Step("offer", (worker, slots, models, chance.choice([0, 0, 4_000])))
        return Step("leave", (worker,)) if chance.random() < 0.2 else offer

    def _claim(self) -> Step:
        return Step("claim", (self._which(),))

    def _timer(self) -> Step:
        return Step("timer", (self._which(), self._chance.choice(["", "", "", "", "due", "token", "kind"])))

    def _time(self) -> Step:
        return Step("time", (self._chance.choice([1, 7, 250, 333, 1_000, 4_000, 700_000]),))

    # ---- what clients change ----

    def _change(self) -> Step:
        chance, which = self._chance, self._which
        mine = chance.random() < 0.9
        tenant = chance.choice([None, None, "a", "b"])
        some = tuple(which() for _ in range(chance.randrange(1, 4)))
        return chance.choice(
            [
                Step("cancel", (which(), mine)),
                Step("cancel", (which(), mine)),
                Step("reprioritize", (which(), chance.choice([0, 1, 2, 7, 255]), mine)),
                Step("reorder", (chance.choice(QUEUES), some, tenant)),
                Step("purge", (chance.choice(QUEUES), tenant)),
                Step("submit again", (which(),)),
            ]
        )

    def _configure(self) -> Step:
        chance = self._chance
        name = chance.choice(self._settings if chance.random() < 0.7 else SETTINGS)
        value = None if chance.random() < 0.25 else self._value(name)
        return Step("configure", (name, value, chance.choice([None, None, None, 0, 1, 2]), chance.random() < 0.5))

    def _value(self, name: str) -> Limit | QueueSettings:
        chance = self._chance
        rate = chance.choice([None, None, Rate(1.0), Rate(3.0, 2), Rate(0.3, 5), Rate(1_000.0, 1)])
        most, paused = chance.choice([None, None, 1, 2, 4]), chance.random() < 0.15
        if name.startswith("queue/"):
            workers, aging = chance.choice([None, None, 1, 2, 4]), chance.choice([None, None, None, 2_000])
            return QueueSettings(workers, max_concurrency=most, rate=rate, paused=paused, aging_ms=aging)
        return Limit(most, rate, chance.choice(WEIGHTS), paused=paused)

    # ---- what becomes of the cell ----

    def _fault(self) -> Step:
        chance = self._chance
        name = chance.choice(["take", "lose", "save", "save", "go back", "go back"])
        return Step(name, (chance.random() < 0.7,) if name in ("lose", "go back") else ())
