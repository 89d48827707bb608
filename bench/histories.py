"""What became of each task, version by version, by what valid schedulers have told."""

from collections import Counter, defaultdict

from status_log import logged

from xqueue_common.epochs import EpochFilter
from xqueue_common.events import Returned, StatusRecord, read_report, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_common.task import TaskState
from xqueue_common.topics import Topics

History = list[TaskState]


async def histories(bootstrap: str, cell: int = 0) -> dict[str, History]:
    """Return the versions of each task, in order, each once."""
    valid, found = EpochFilter(), defaultdict[str, History](list)
    for record in await logged(bootstrap, cell):
        told = read_status(record.value)
        if not valid.admit(record.offset, told) or not isinstance(told, StatusRecord):
            continue
        known = found[told.spec.task_id]
        if not known or told.state.version > known[-1].version:
            known.append(told.state)
    return dict(found)


def ends(history: History) -> list[str]:
    """Return the terminal states that were told of a task: there must be one."""
    return [str(state.status) for state in history if state.ended]


async def returned(bootstrap: str, cell: int = 0) -> Counter[str]:
    """Return how many attempts workers have handed back, by reason."""
    counts: Counter[str] = Counter()
    tail = Tail(bootstrap, Topics().reports, cell, client_id="bench-reports")
    await tail.start(0)
    try:
        async for records in tail.read_to(await tail.end()):
            reports = [read_report(record.value) for record in records]
            counts.update(report.reason for report in reports if isinstance(report, Returned))
    finally:
        await tail.stop()
    return counts
