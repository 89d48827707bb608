"""Serving a bare cell round by round: everything that runs ends, what comes next is granted."""

from collections import Counter
from collections.abc import Callable, Sequence

from support.scheduler.bare import BareCell
from support.scheduler.making import finished, submission

from xqueue_common.events import Dispatch
from xqueue_common.task import TaskSpec


async def submit(bare: BareCell, count: int, **spec: object) -> list[str]:
    """Submit so many equal tasks in one call."""
    commands = [submission(**spec) for _ in range(count)]  # type: ignore[arg-type]  # words of TaskSpec
    await bare.call(*commands)
    return [command.spec.task_id for command in commands]


async def begun(bare: BareCell, ms: int = 0) -> list[Dispatch]:
    """Let everything that runs end after so many ms; return what began then."""
    running = [d for d in bare.sent.records if await bare.status_of(d.spec.task_id) == "processing"]
    current = [d for d in running if (await bare.state(d.spec.task_id)).token == d.token]
    for worker in bare.workers:
        await worker.beat()
    seen = len(bare.sent.records)
    await bare.advance(ms, *(finished(d.spec.task_id, d.token) for d in current))
    return list(bare.sent.records[seen:])


async def served(
    bare: BareCell, rounds: int, of: Callable[[TaskSpec], str], *, ms: int = 1_000, many: Sequence[Dispatch] = ()
) -> Counter[str]:
    """Return how many attempts began in so many rounds, by what ``of`` says of their task."""
    counts = Counter(of(d.spec) for d in many)
    for _ in range(rounds):
        counts.update(of(d.spec) for d in await begun(bare, ms))
    return counts
