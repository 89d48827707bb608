"""Waiting for tasks, with something to look at meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common, Seconds, check_named
from xqueue_client.command.output import Output
from xqueue_client.command.words import HEADS, progress, row, took
from xqueue_client.errors import NotFinished, TaskFailed
from xqueue_client.patience import Patience
from xqueue_client.snapshot import Snapshot
from xqueue_client.task import Task

_LOOK_S = 1.0
"""How often the display is brought up to date."""


class _Show(Protocol):
    def __call__(self, task: Snapshot) -> None: ...


def wait(
    *task_ids: str,
    timeout: Seconds | None = None,
    common: Common = COMMON,
) -> int:
    """Wait until tasks have ended; fails unless all of them succeeded.

    Args:
        task_ids: Their ids.
        timeout: So many seconds at most.
        common: What every command takes.
    """
    check_named(task_ids)
    patience, output = Patience(timeout), common.output
    with common.connect() as client:
        tasks = [client.get(task_id) for task_id in task_ids]
        ended = [wait_for(task, patience, output) for task in tasks]
    output.each(HEADS, ended, row)
    return Exit.OK if all(snapshot.succeeded for snapshot in ended) else Exit.TASK_FAILED


def wait_for(task: Task, patience: Patience, output: Output) -> Snapshot:
    """Return a task's last version; says why if it did not succeed.

    Raises:
        NotFinished: the time is up.
    """
    with _showing(output) as show:
        while not task.snapshot.ended:
            show(task.snapshot)
            _look(task, patience)
    if not task.snapshot.succeeded and not output.json:
        output.error(str(TaskFailed(task.snapshot)))
    return task.snapshot


def _look(task: Task, patience: Patience) -> None:
    try:
        task.wait(patience.next(_LOOK_S))
    except NotFinished:
        if patience.over:
            raise NotFinished(task.snapshot, patience.waited) from None


@contextmanager
def _showing(output: Output) -> Iterator[_Show]:
    """Show how a task stands while the block lasts, if somebody looks."""
    if not output.news.is_terminal:
        yield lambda task: None  # noqa: ARG005  # a file needs no news
        return
    with output.news.status("") as display:

        def show(task: Snapshot) -> None:
            display.update(f"{task.task_id} {task.status}  {_how_far(task)}")

        yield show


def _how_far(task: Snapshot) -> str:
    if task.position is not None:
        return f"{task.position} before it"
    return progress(task) or took(task)
