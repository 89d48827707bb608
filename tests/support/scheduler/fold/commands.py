"""What clients ask for."""

from support.scheduler.fold.attempts import begin_to_wait, cancel
from support.scheduler.fold.settings import configure, purge, remember_queue
from support.scheduler.fold.state import WAITING, Fold, Task, Wish

from xqueue_common.events import Cancel, Command, Configure, Purge, Reorder, Reprioritize, Submit
from xqueue_common.lifecycle import Status


def obey(fold: Fold, command: Command) -> None:
    """Apply a command."""
    match command:
        case Submit():
            _submit(fold, command)
        case Cancel():
            _cancel(fold, command)
        case Reprioritize():
            _reprioritize(fold, command)
        case Reorder():
            _reorder(fold, command)
        case Purge():
            purge(fold, command)
        case Configure():
            configure(fold, command)


def _submit(fold: Fold, command: Submit) -> None:
    """The first submission of a task in the log counts; another one of the same changes nothing."""
    spec = command.spec
    if spec.task_id in fold.tasks:
        return
    fold.seq += 1
    later = spec.run_at_ms is not None and spec.run_at_ms > fold.now_ms
    status = Status.SCHEDULED if later else Status.PENDING
    task = fold.tasks[spec.task_id] = Task(spec, status, place=fold.seq, priority=spec.priority)
    _wish(fold, task)
    remember_queue(fold, spec.queue)
    if not later:
        begin_to_wait(fold, task)


def _wish(fold: Fold, task: Task) -> None:
    """The latest submission that names a limit or a weight for its key sets it for the whole key."""
    wish = fold.wishes.setdefault(task.group, Wish())
    if task.spec.concurrency_key is None:
        return
    if task.spec.max_concurrency is not None:
        wish.limit = task.spec.max_concurrency
    if task.spec.weight is not None:
        wish.weight = task.spec.weight


def _mine(fold: Fold, task_id: str, tenant: str | None) -> Task | None:
    """Return an open task, if it is the tenant's (None: anybody's)."""
    task = fold.tasks.get(task_id)
    return task if task and task.open and tenant in (None, task.tenant) else None


def _cancel(fold: Fold, command: Cancel) -> None:
    if task := _mine(fold, command.task_id, command.tenant):
        cancel(task)


def _reprioritize(fold: Fold, command: Reprioritize) -> None:
    """What ages keeps what it has risen by."""
    task = _mine(fold, command.task_id, command.tenant)
    if task and task.status in WAITING and task.priority != command.priority:
        if task.rank:
            task.rank = task.rank._replace(base=task.rank.base + command.priority - task.priority)
        task.priority = command.priority
        task.becomes(task.status)


def _reorder(fold: Fold, command: Reorder) -> None:
    """Those that wait in the queue get the next places below all given so far; a second mention counts nothing."""
    found = [_mine(fold, task_id, command.tenant) for task_id in dict.fromkeys(command.task_ids)]
    moved = [task for task in found if task and task.status in WAITING and task.spec.queue == command.queue]
    fold.front -= len(moved)
    for place, task in enumerate(moved, fold.front):
        task.place = place
        task.becomes(task.status)
