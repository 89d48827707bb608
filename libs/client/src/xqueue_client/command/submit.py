"""`xqueue submit`."""

from typing import Annotated

from cyclopts import Parameter

from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common, Seconds, TaskFlags
from xqueue_client.command.payload import read_payload
from xqueue_client.command.waiting import wait_for
from xqueue_client.command.words import value
from xqueue_client.patience import Patience
from xqueue_client.task import Task

_NO_FLAGS = TaskFlags()


def submit(
    task_type: Annotated[str, Parameter(name="TYPE")],
    /,
    *,
    payload: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    idempotency_key: str | None = None,
    wait: Annotated[bool, Parameter(negative="")] = False,
    timeout: Seconds | None = None,
    flags: TaskFlags = _NO_FLAGS,
    common: Common = COMMON,
) -> int:
    """Submit a task; prints its id, or with --wait its result.

    Args:
        task_type: Which handler runs it, for instance example.
        payload: What it is about: JSON, @FILE, or - for standard input.
        idempotency_key: However often the same key and content are submitted, it is one task.
        wait: Wait for its end.
        timeout: With --wait: so many seconds at most.
        flags: What can be said about the task.
        common: What every command takes.
    """
    content, options = read_payload(payload), flags.options()
    with common.connect() as client:
        task = client.submit(task_type, content, idempotency_key=idempotency_key, **options)
        if wait:
            return _finish(task, timeout, common)
        if common.json:
            common.output.document(task.snapshot)
        else:
            common.output.line(task.id)
    return Exit.OK


def _finish(task: Task, timeout: float | None, common: Common) -> int:
    output = common.output
    snapshot = wait_for(task, Patience(timeout), output)
    if common.json:
        output.document(snapshot)
    elif snapshot.succeeded:
        output.line(snapshot.result_url or value(snapshot.result))
    return Exit.OK if snapshot.succeeded else Exit.TASK_FAILED
