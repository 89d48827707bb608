"""`xqueue queues …`."""

from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import App, Parameter

from xqueue_client.command.control_flags import QueueFlags
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.command.words import value
from xqueue_client.settings import Queue

queues = App(name="queues", help="See and change queues.")

_HEADS = ("QUEUE", "WAITING", "SCHEDULED", "PROCESSING", "OLDEST", "PER SECOND", "LIMIT", "SIZE", "STATE")
_NO_FLAGS = QueueFlags()


@queues.command(name="list")
def list_queues(*, common: Common = COMMON) -> int:
    """List queues.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        found = client.queues.list()
    common.output.each(_HEADS, found, _row)
    return Exit.OK


@queues.command
def get(name: str, /, *, common: Common = COMMON) -> int:
    """Show a queue.

    Args:
        name: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.queues.get(name), common)


@queues.command(name="set")
def set_queue(name: str, /, *, flags: QueueFlags = _NO_FLAGS, common: Common = COMMON) -> int:
    """Change settings of a queue, none clears one; the queue is made if there is none.

    Args:
        name: Its name.
        flags: What can be set.
        common: What every command takes.
    """
    options = flags.options()
    with common.connect() as client:
        return _show(client.queues.set(name, **options), common)


@queues.command
def pause(name: str, /, *, common: Common = COMMON) -> int:
    """Let nothing of a queue begin; what runs goes on.

    Args:
        name: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.queues.pause(name), common)


@queues.command
def resume(name: str, /, *, common: Common = COMMON) -> int:
    """Let a queue go on.

    Args:
        name: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.queues.resume(name), common)


@queues.command
def purge(name: str, /, *, common: Common = COMMON) -> int:
    """Cancel what of yours waits in a queue.

    Args:
        name: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        purged = client.queues.purge(name)
    if common.json:
        common.output.document(purged)
    return Exit.OK


@queues.command
def delete(name: str, /, *, force: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON) -> int:
    """Remove a queue.

    Args:
        name: Its name.
        force: Cancel all its tasks.
        common: What every command takes.
    """
    with common.connect() as client:
        client.queues.delete(name, force=force)
    return Exit.OK


def _show(queue: Queue, common: Common) -> int:
    common.output.one(queue, _fields)
    return Exit.OK


def _row(queue: Queue) -> tuple[str, ...]:
    status = queue.status
    oldest = "-" if status.oldest_age is None else f"{status.oldest_age:.1f} s"
    counts = map(str, (status.waiting, status.scheduled, status.processing))
    limits = (str(limit or "-") for limit in (queue.max_concurrency, queue.max_size))
    return (queue.name, *counts, oldest, f"{status.throughput:.2f}", *limits, "paused" if queue.paused else "runs")


def _fields(queue: Queue) -> Iterator[tuple[str, str]]:
    yield "queue", queue.name
    for part in (queue.status, queue):
        for name in part.__struct_fields__:
            given: Any = getattr(part, name)
            if name not in ("name", "status") and given is not None and given is not False:
                yield name.replace("_", " "), value(given)
