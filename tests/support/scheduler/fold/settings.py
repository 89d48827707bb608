"""What operators set, and purges: settings too, so that a large one goes on over calls and losses."""

from support.scheduler.fold.attempts import cancel
from support.scheduler.fold.limits import rates
from support.scheduler.fold.state import WAITING, Fold, Stored, Task

from xqueue_common.events import Configure, Kept, Purge
from xqueue_common.lifecycle import Status
from xqueue_common.limits import Purging, QueueSettings, queue_setting

PURGED_A_CALL = 500


def remember_queue(fold: Fold, queue: str) -> None:
    """Make a queue known to which something was submitted."""
    if queue_setting(queue) not in fold.settings:
        _put(fold, queue_setting(queue), QueueSettings())


def configure(fold: Fold, command: Configure) -> None:
    """Set or remove a setting, if it has the version that the caller expects."""
    if command.expected not in (None, version(fold, command.name)):
        return
    if command.alone is not None and _others_in(fold, command):
        return
    if command.value is not None:
        _put(fold, command.name, command.value)
    else:
        _remove(fold, command.name, force=command.force)


def version(fold: Fold, name: str) -> int:
    """Return the version of a setting; 0 if there is none."""
    return fold.settings[name].version if name in fold.settings else 0


def _put(fold: Fold, name: str, value: Kept) -> None:
    fold.settings[name] = Stored(version(fold, name) + 1, value)
    _forget_rates(fold)


def _remove(fold: Fold, name: str, *, force: bool) -> None:
    """A queue that holds tasks is removed by force only: at once, and a purge of all it holds goes on behind it."""
    kind, _, queue = name.partition("/")
    if kind == "queue" and _open_in(fold, queue):
        if not force:
            return
        _begin(fold, Purging(queue, before=fold.seq + 1, running=True))
    _drop(fold, name)


def _drop(fold: Fold, name: str) -> None:
    fold.settings.pop(name, None)
    _forget_rates(fold)


def _forget_rates(fold: Fold) -> None:
    """A bucket is kept as long as its scope has a rate."""
    rated = rates(fold)
    fold.tats = {scope: tat for scope, tat in fold.tats.items() if scope in rated}


def _open_in(fold: Fold, queue: str) -> list[Task]:
    return [task for task in fold.open() if task.spec.queue == queue]


def _others_in(fold: Fold, command: Configure) -> bool:
    queue = command.name.partition("/")[2]
    return any(task.tenant != command.alone for task in _open_in(fold, queue))


# ---- purges ----


def purge(fold: Fold, command: Purge) -> None:
    """Begin to cancel what waits in a queue now."""
    _begin(fold, Purging(command.queue, command.tenant, before=fold.seq + 1))


def _begin(fold: Fold, purging: Purging) -> None:
    """A purge that is under way goes on, up to here; one that cancels running tasks too stays one."""
    name = f"purge/{purging.queue}/{purging.tenant or ''}"
    known = fold.settings.get(name)
    running = purging.running or (known is not None and isinstance(known.value, Purging) and known.value.running)
    _put(fold, name, Purging(purging.queue, purging.tenant, purging.before, running))


def go_on_purging(fold: Fold) -> None:
    """Cancel what the purges under way have left, so many waiting ones a call each; one ends when few were left."""
    for name in sorted(name for name in fold.settings if name.startswith("purge/")):
        purging = fold.settings[name].value
        assert isinstance(purging, Purging)
        left = _left(fold, purging)
        waiting = [task for task in left if task.status in WAITING][:PURGED_A_CALL]
        for task in [*waiting, *(task for task in left if task.status is Status.PROCESSING)]:
            cancel(task)
        if len(waiting) < PURGED_A_CALL:
            _drop(fold, name)


def _left(fold: Fold, purging: Purging) -> list[Task]:
    """Return what a purge has still to cancel, in the order of places."""
    found = [
        task
        for task in _open_in(fold, purging.queue)
        if task.place < purging.before
        and purging.tenant in (None, task.tenant)
        and (task.status in WAITING or purging.running)
    ]
    return sorted(found, key=lambda task: task.place)
