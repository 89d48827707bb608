"""`xqueue stats` and `xqueue instances`."""

from xqueue_client.answers import Instance
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.command.words import moment

_HEADS = ("WORKER", "HOST", "PID", "RUNNING", "SLOTS", "QUEUES", "LAST HEARTBEAT", "TYPES")


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
