"""Which artifacts go, and when to look at the others again. Cost: what is due, not what is there."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple

from xqueue_common.artifacts import layout, steps
from xqueue_common.artifacts.artifact import Record
from xqueue_common.artifacts.draft import HOUR_MS
from xqueue_common.artifacts.layout import Due, Mark
from xqueue_common.artifacts.objects import Objects

DAY_MS = 24 * HOUR_MS
UNHEARD_MS = 8 * DAY_MS
"""From then on a task that the history has never had will not come any more: the log keeps records for 7 days."""

Fates = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]
"""Takes ids of tasks; answers, for those that are there, when to ask again (ms since 1970)."""


async def no_tasks(task_ids: Collection[str]) -> Mapping[str, int]:
    """Know nothing of tasks: all are there, for a day at least."""
    return dict.fromkeys(task_ids, 0)


class Look(NamedTuple):
    """Look at it again."""

    at_ms: int
    mark: Mark


class Gone(NamedTuple):
    """Nothing of it stays."""


def fate(entry: Due, record: Record | None, task_until_ms: int | None, now_ms: int) -> Look | Gone:
    """Return what becomes of an artifact that is due for a look.

    Args:
        entry: why it is.
        record: its record, if it has one.
        task_until_ms: when to ask again for the task that has written it; None: there is no such task.
        now_ms: wall time.
    """
    if record is None:
        return Gone() if entry.mark is Mark.LATE else Look(now_ms + DAY_MS, Mark.LATE)
    expires = record.artifact.expires_at
    if expires is not None:
        expires_ms = round(expires.timestamp() * 1000)
        return Gone() if expires_ms <= now_ms else Look(expires_ms, Mark.NEW)
    if task_until_ms is not None:
        # Never within the hour: a sweep must come to an end.
        return Look(max(task_until_ms, now_ms + HOUR_MS), Mark.KNOWN)
    unheard = record.artifact.created_at.timestamp() * 1000 + UNHEARD_MS <= now_ms
    return Gone() if entry.mark is Mark.KNOWN or unheard else Look(now_ms + DAY_MS, Mark.NEW)


class Sweep:
    """One sweep of a store."""

    def __init__(self, objects: Objects, fates: Fates) -> None:
        self._objects = objects
        self._fates = fates

    async def round(self, now_ms: int, most: int) -> int:
        """Look at what is due, ``most`` entries; returns how many artifacts are gone."""
        gone = 0
        for folder in await self._objects.folders(layout.DUE):
            if most <= 0 or not layout.is_due(folder, now_ms):
                break
            paths = await self._objects.some(folder, most)
            most -= len(paths)
            gone += await self._look(paths, now_ms)
        return gone

    async def _look(self, paths: list[str], now_ms: int) -> int:
        entries = [entry for path in paths if (entry := layout.read_due(path))]
        records = [await self._objects.run_async(steps.stored(entry.artifact_id)) for entry in entries]
        tasks = {r.task_id for r in records if r and r.task_id and r.artifact.expires_at is None}
        until = await self._fates(tasks) if tasks else {}
        gone = 0
        for entry, record in zip(entries, records, strict=True):
            task_id = record.task_id if record else None
            what = fate(entry, record, until.get(task_id) if task_id else None, now_ms)
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
