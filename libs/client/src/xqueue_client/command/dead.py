"""`xqueue dead …`."""

from itertools import islice
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from xqueue_client.answers import Redriven, RedrivenTask
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.command.output import Output
from xqueue_client.command.words import HEADS, row
from xqueue_client.http.paging import PAGE

dead = App(name="dead", help="See dead letters, the failed tasks of a queue, and run them again.")

_REDRIVEN_HEADS = ("TASK", "RETRY OF")


@dead.command(name="list")
def list_letters(
    queue: str,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    common: Common = COMMON,
) -> int:
    """List the dead letters of a queue, newest first.

    Args:
        queue: Its name.
        limit: So many at most.
        common: What every command takes.
    """
    with common.connect() as client:
        found = list(islice(client.dead_letters.list(queue, page_size=min(limit, PAGE)), limit))
    common.output.each(HEADS, found, row)
    return Exit.OK


@dead.command
def redrive(queue: str, /, *task_ids: str, common: Common = COMMON) -> int:
    """Run dead letters again, each as a new task and only once; prints the new ones.

    Args:
        queue: The name of the queue.
        task_ids: Which ones; left out: all, up to a thousand at once.
        common: What every command takes.
    """
    with common.connect() as client:
        redriven = client.dead_letters.redrive(queue, task_ids or None)
    common.output.each(_REDRIVEN_HEADS, redriven.tasks, _row)
    return _complain(redriven, common.output)


@dead.command
def purge(queue: str, /, *, common: Common = COMMON) -> int:
    """Let none of a queue's failed tasks be a dead letter any more; the tasks stay.

    Args:
        queue: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        client.dead_letters.purge(queue)
    return Exit.OK


def _row(task: RedrivenTask) -> tuple[str, ...]:
    return (task.task_id, task.retry_of)


def _complain(redriven: Redriven, output: Output) -> int:
    for letter in redriven.rejected:
        output.error(f"{letter.task_id}: {letter.error}")
    if redriven.remaining and not output.json:
        output.news.print(f"{redriven.remaining} are left")
    return Exit.REFUSED if redriven.rejected else Exit.OK
