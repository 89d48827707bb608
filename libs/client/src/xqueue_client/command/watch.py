"""`xqueue watch`."""

from typing import Annotated

from cyclopts import Parameter

from xqueue_client.command.exits import Exit, Misused
from xqueue_client.command.options import COMMON, Common, Label, Names, Statuses, given, labels
from xqueue_client.command.scroll import Scroll
from xqueue_client.events import Event, StatusEvent
from xqueue_client.watch.following import MOST_NAMED


def watch(
    *task_ids: str,
    queue: Names = (),
    task_type: Annotated[Names, Parameter(name="--type")] = (),
    status: Statuses = (),
    concurrency_key: Annotated[Names, Parameter(name=["--concurrency-key", "--key"])] = (),
    label: Label = (),
    common: Common = COMMON,
) -> int:
    """Show what happens to tasks, as it happens, until Ctrl-C; with ids until these have ended.

    Fails if one of the named tasks did not succeed.

    Args:
        task_ids: Only these tasks.
        queue: Only of this queue; repeatable, like the next ones.
        task_type: Only of this type.
        status: Only changes to this status.
        concurrency_key: Only with this key.
        label: Only with this NAME=VALUE.
        common: What every command takes.
    """
    if len(task_ids) > MOST_NAMED:
        message = f"TASK-IDS: {len(task_ids)} are too many, {MOST_NAMED} can be watched: watch a label of theirs"
        raise Misused(message)
    wanted = given(
        task_id=task_ids,
        queue=queue,
        type=task_type,
        status=status,
        concurrency_key=concurrency_key,
        labels=labels(label),
    )
    output, failed = common.output, False
    with common.connect() as client, Scroll(output) as scroll:
        for event in client.watch(**wanted):
            if common.json:
                output.document(event)
            else:
                scroll.show(event)
            failed = failed or _failed(event)
    return Exit.TASK_FAILED if failed else Exit.OK


def _failed(event: Event) -> bool:
    return isinstance(event, StatusEvent) and event.task.ended and not event.task.succeeded
