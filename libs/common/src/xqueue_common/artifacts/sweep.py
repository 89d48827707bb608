"""Which artifacts go, and when to look at the others again. Cost: what is due, not what is there."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple

from xqueue_common.artifacts import layout, steps
from xqueue_common.artifacts.artifact import Record
from xqueue_common.artifacts.draft import HOUR_MS
from xqueue_common.artifacts.layout import Due, Mark
from xqueue_common.artifacts.objects import Objects
from xqueue_common.moments import epoch_ms

DAY_MS = 24 * HOUR_MS
UNHEARD_MS = 8 * DAY_MS
"""From then on a task that the history has never had will not come any more: the log keeps records for 7 days."""


class TaskFate(NamedTuple):
    """What is known of a task: when to ask again (ms since 1970), and whether it has ended and leaves by then."""

    until_ms: int
    leaves: bool


Fates = Callable[[Collection[str]], Awaitable[Mapping[str, TaskFate]]]
"""Takes ids of tasks; answers for those that are there."""


async def no_tasks(task_ids: Collection[str]) -> Mapping[str, TaskFate]:
    """Know nothing of tasks: all of them stay."""
    return dict.fromkeys(task_ids, TaskFate(0, leaves=False))


class Swept(NamedTuple):
    """What a sweep did: how many entries it looked at, and how many artifacts are gone."""

    looked: int
    gone: int


class Look(NamedTuple):
    """Look at it again."""

    at_ms: int
    mark: Mark


class Gone(NamedTuple):
    """Nothing of it stays."""


def fate(entry: Due, record: Record | None, task: TaskFate | None, now_ms: int) -> Look | Gone:
    """Return what becomes of an artifact that is due for a look.

    Args:
        entry: why it is.
        record: its record, if it has one.
        task: what is known of the task that has written it, if that is there.
        now_ms: wall time.
    """
    if record is None:
        return Gone() if entry.mark is Mark.LATE else Look(now_ms + DAY_MS, Mark.LATE)
    expires = record.artifact.expires_at
    if expires is not None:
        expires_ms = epoch_ms(expires)
        return Gone() if expires_ms <= now_ms else Look(expires_ms, Mark.NEW)
    if task is not None:
        # Never within the hour: a sweep must come to an end.
        return Look(max(task.until_ms, now_ms + HOUR_MS), Mark.LEAVING if task.leaves else Mark.NEW)
    # Nobody knows the task. That it has left is certain only if it was about to: the history may lag or be new.
    unheard = record.artifact.created_at.timestamp() * 1000 + UNHEARD_MS <= now_ms
    return Gone() if entry.mark is Mark.LEAVING or unheard else Look(now_ms + DAY_MS, Mark.NEW)


class Sweep:
    """One sweep of a store."""

    def __init__(self, objects: Objects, fates: Fates) -> None:
        self._objects = objects
        self._fates = fates

    async def round(self, now_ms: int, most: int) -> Swept:
        """Look at what is due, ``most`` entries."""
        looked = gone = 0
        for folder in await self._objects.folders(layout.DUE):
            if looked >= most or not layout.is_due(folder, now_ms):
                break
            paths = await self._objects.some(folder, most - looked)
            entries = [entry for path in paths if (entry := layout.read_due(path))]
            gone += await self._look(entries, now_ms)
            looked += len(entries)
        return Swept(looked, gone)

    async def _look(self, entries: list[Due], now_ms: int) -> int:
        records = [await self._objects.run_async(steps.stored(entry.artifact_id)) for entry in entries]
        tasks = {r.task_id for r in records if r and r.task_id and r.artifact.expires_at is None}
        known = await self._fates(tasks) if tasks else {}
        gone = 0
        for entry, record in zip(entries, records, strict=True):
            task = known.get(record.task_id) if record and record.task_id else None
            what = fate(entry, record, task, now_ms)
            gone += await self._act(entry, record, what)
        return gone

    async def _act(self, entry: Due, record: Record | None, what: Look | Gone) -> int:
        run = self._objects.run_async
        match what:
            case Look(at_ms, mark):
                await run(steps.move(entry, layout.due(at_ms, entry.artifact_id, mark)))
                return 0
            case Gone():
                if record is not None:
                    await run(steps.remove(record))
                else:
                    await run(steps.clear(entry.artifact_id))
                    self._clear_parts(entry.artifact_id)
                await run(steps.forget(entry))
                return int(record is not None)

    def _clear_parts(self, artifact_id: str) -> None:
        """Delete what a killed process has left in a folder beside its path: the library does not list it."""
        if self._objects.folder is None:
            return
        path = self._objects.folder / layout.data(artifact_id)
        for part in path.parent.glob(f"{path.name}#*"):
            part.unlink(missing_ok=True)
