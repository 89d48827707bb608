"""The data of the model: what a cell knows, and nothing that can be computed from it."""

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote

from support.scheduler.fold.share import Share
from support.scheduler.fold.shares import Estimate

from xqueue_common.events import Kept, Report
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.task import Resources, TaskSpec

WAITING = frozenset({Status.SCHEDULED, Status.PENDING})
HIGHEST = 255


class Heard(NamedTuple):
    """A report about attempt number ``attempt``; the token in the report is not looked at.

    Timers that no longer match by their due time are left out by the test: the model knows no due times.
    """

    attempt: int
    report: Report


class Grant(NamedTuple):
    """A grant: which task, its how manyth attempt, and to whom."""

    task_id: str
    attempt: int
    worker: str


class Offer(NamedTuple):
    """What a live worker offers."""

    slots: int
    gpu_memory_mb: int = 0
    queues: tuple[str, ...] = ("*",)
    types: tuple[str, ...] = ()
    models: frozenset[str] = frozenset()
    room_mb: int = 0


class Stored(NamedTuple):
    """A setting and its version."""

    version: int
    value: Kept


class Rank(NamedTuple):
    """A priority that rises by one after each ``ms`` of the cell's time; ``base`` is what it was at time 0."""

    base: int
    ms: int

    def priority(self, now_ms: int) -> int:
        """Return the priority that it has risen to."""
        return max(0, min(HIGHEST, self.base + now_ms // self.ms))


@dataclass
class Wish:
    """What the latest submissions that said so want for their group."""

    limit: int | None = None
    weight: float | None = None


@dataclass
class Task:
    """A task and how it stands.

    Attributes:
        rank: as it was when the task last began to wait for a slot; None where nothing ages.
        held: the scopes in which the current attempt holds a slot.
        charge: what the current attempt was charged.
    """

    spec: TaskSpec
    status: Status
    place: int
    priority: int
    version: int = 1
    attempt: int = 0
    failures: int = 0
    cancel: bool = False
    claimed: bool = False
    worker: str = ""
    rank: Rank | None = None
    held: tuple[str, ...] = ()
    granted_ms: int = 0
    deadline_ms: int = 0
    charge: int = 0

    def becomes(self, status: Status) -> None:
        """Go on to the next version."""
        self.status = status
        self.version += 1

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status not in TERMINAL

    @property
    def tenant(self) -> str:
        """Whose it is."""
        return self.spec.tenant

    @property
    def group(self) -> str:
        """The group that it waits in; tasks without a key are one group too."""
        return f"{self.spec.tenant}/{self.spec.concurrency_key or ''}"

    @property
    def needs(self) -> Resources:
        """What an attempt takes of its worker."""
        return self.spec.resources or Resources()

    @property
    def lane(self) -> str:
        """What a worker must serve to run it."""
        slots, memory, model = self.needs.slots, self.needs.gpu_memory_mb, self.spec.model
        size = "" if (slots, memory, model) == (1, 0, None) else f"{slots}.{memory}"
        wanted = "" if model is None else f".{quote(model, safe='')}"
        return f"{self.spec.queue}/{self.spec.type}/{size}{wanted}"

    @property
    def level(self) -> str:
        """Its lane at its priority; what ages apart from others has a level of its own."""
        return f"{self.lane}/{self.priority if self.rank is None else f'{self.rank.base}@{self.rank.ms}'}"

    def urgency(self, now_ms: int) -> int:
        """Return its priority, ageing counted in."""
        return self.priority if self.rank is None else self.rank.priority(now_ms)


@dataclass
class Fold:
    """All that a cell knows.

    Attributes:
        now_ms: the time of the last call.
        claim_ms: how long an attempt may wait for its claim; its deadline counts from there.
        patience_ms: how long a cold level may be passed over.
        seq: highest place given to a submission.
        front: lowest place given by a reorder; 0 if none was.
        tasks: all tasks ever submitted, by id.
        offers: the live workers, by incarnation.
        settings: by name.
        wishes: limit and weight of a group, by its name.
        tats: when a scope's bucket is full again, in us, by scope.
        estimates: by type.
        passed: when a level that may run and was cold was first passed over since it was served last.
        tenants: the share of the tenants.
        groups: the shares of the groups of each tenant.
    """

    now_ms: int = 0
    claim_ms: int = 10_000
    patience_ms: int = 15_000
    seq: int = 0
    front: int = 0
    tasks: dict[str, Task] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    settings: dict[str, Stored] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    tats: dict[str, int] = field(default_factory=dict)
    estimates: dict[str, Estimate] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    tenants: Share = field(default_factory=Share)
    groups: dict[str, Share] = field(default_factory=dict)

    def open(self) -> list[Task]:
        """Return the tasks that have not ended."""
        return [task for task in self.tasks.values() if task.open]

    def live(self) -> set[str]:
        """Return the groups with open tasks."""
        return {task.group for task in self.tasks.values() if task.open}

    def running(self) -> list[Task]:
        """Return the tasks that hold slots."""
        return [task for task in self.tasks.values() if task.status is Status.PROCESSING]

    def share_of(self, tenant: str) -> Share:
        """Return the share of a tenant's groups."""
        return self.groups.setdefault(tenant, Share())
