"""`xqueue get`, `history`, `explain`, `list`, `cancel`, `retry` and `priority`."""

from itertools import islice
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common, Label, Statuses, check_named, given, labels
from xqueue_client.command.words import HEADS, HISTORY_HEADS, explained, fields, history_row, row
from xqueue_client.http.paging import PAGE

_Limit = Annotated[int, Parameter(validator=Number(gte=1))]


def get(task_id: str, /, *, common: Common = COMMON) -> int:
    """Show a task.

    Args:
        task_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        snapshot = client.get(task_id).snapshot
    common.output.one(snapshot, fields)
    return Exit.OK


def history(task_id: str, /, *, common: Common = COMMON) -> int:
    """Show what a task went through.

    Args:
        task_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        transitions = client.history(task_id)
    common.output.each(HISTORY_HEADS, transitions, history_row)
    return Exit.OK


def explain(task_id: str, /, *, common: Common = COMMON) -> int:
    """Say why a task does not run yet: what it waits for, its place, when it may begin.

    Args:
        task_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        explanation = client.explain(task_id)
    common.output.one(explanation, explained)
    return Exit.OK


def list_tasks(
    *,
    status: Statuses = (),
    queue: str | None = None,
    task_type: Annotated[str | None, Parameter(name="--type")] = None,
    concurrency_key: Annotated[str | None, Parameter(name=["--concurrency-key", "--key"])] = None,
    label: Label = (),
    limit: _Limit = 20,
    common: Common = COMMON,
) -> int:
    """List tasks, newest first.

    Args:
        status: Only with this status; repeatable.
        queue: Only of this queue.
        task_type: Only of this type.
        concurrency_key: Only with this key.
        label: Only with this NAME=VALUE; repeatable.
        limit: So many at most.
        common: What every command takes.
    """
    wanted = given(
        status=status, queue=queue, type=task_type, concurrency_key=concurrency_key, labels=labels(label)
    )
    with common.connect() as client:
        found = list(islice(client.list(page_size=min(limit, PAGE), **wanted), limit))
    common.output.each(HEADS, found, row)
    return Exit.OK


def cancel(*task_ids: str, common: Common = COMMON) -> int:
    """Cancel tasks, waiting or running; a running one ends when its handler has.

    Args:
        task_ids: Their ids.
        common: What every command takes.
    """
    check_named(task_ids)
    with common.connect() as client:
        canceled = [client.cancel(task_id) for task_id in task_ids]
    common.output.each(HEADS, canceled, row)
    return Exit.OK


def retry(*task_ids: str, common: Common = COMMON) -> int:
    """Run tasks again that failed, timed out or were canceled; prints the new ones.

    Args:
        task_ids: Their ids.
        common: What every command takes.
    """
    check_named(task_ids)
    with common.connect() as client:
        again = [client.retry(task_id).snapshot for task_id in task_ids]
    common.output.each(HEADS, again, row)
    return Exit.OK


def priority(task_id: str, priority: int, /, *, common: Common = COMMON) -> int:
    """Change the priority of a waiting task.

    Args:
        task_id: Its id.
        priority: 0 to 255, higher runs first.
        common: What every command takes.
    """
    with common.connect() as client:
        changed = client.prioritize(task_id, priority)
    common.output.each(HEADS, [changed], row)
    return Exit.OK
