"""`xqueue stats`, `xqueue instances` and `xqueue allocations`."""

from xqueue_client.answers import Allocation, Instance
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.command.words import moment

_HEADS = ("WORKER", "HOST", "PID", "RUNNING", "SLOTS", "QUEUES", "LAST HEARTBEAT", "TYPES")
_SLOT_HEADS = ("QUEUE", "SLOTS", "INSTANCES")


def stats(*, common: Common = COMMON) -> int:
    """Count tasks: those that ended since ever, those that wait and run now.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        counts = client.stats()
    if common.json:
        common.output.document(counts)
        return Exit.OK
    rates = ((f"{name} per second", f"{rate:.2f}") for name, rate in counts.rates.items() if rate)
    totals = (("submitted", counts.submitted), ("waiting", counts.waiting), ("running", counts.running))
    common.output.fields(((name, str(count)) for name, count in (*totals, *counts.by_status.items())))
    common.output.fields(rates)
    return Exit.OK


def instances(*, common: Common = COMMON) -> int:
    """List the live workers.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        workers = client.instances()
    common.output.each(_HEADS, workers, _row)
    return Exit.OK


def allocations(*, queue: str | None = None, common: Common = COMMON) -> int:
    """List the slots that each queue may count on, by instance; idle ones are lent to others.

    Args:
        queue: Only of this queue.
        common: What every command takes.
    """
    with common.connect() as client:
        found = client.allocations(queue)
    common.output.each(_SLOT_HEADS, found, _slots_row)
    return Exit.OK


def _slots_row(allocation: Allocation) -> tuple[str, ...]:
    each = " ".join(f"{instance}={slots}" for instance, slots in allocation.allocations.items())
    return (allocation.queue, str(sum(allocation.allocations.values())), each)


def _row(worker: Instance) -> tuple[str, ...]:
    return (
        worker.id,
        worker.host or "-",
        str(worker.pid or "-"),
        str(worker.running),
        str(worker.slots),
        " ".join(worker.queues),
        moment(worker.last_heartbeat),
        " ".join(worker.types),
    )
