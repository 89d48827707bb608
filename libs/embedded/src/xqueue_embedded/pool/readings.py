"""What the workers and the scheduler say of the load, read from the cell in Redis."""

from typing import NamedTuple

import msgspec

from xqueue_common.cell import Cell
from xqueue_common.fleet import WorkerInfo

_info = msgspec.json.Decoder(WorkerInfo)


class Beat(NamedTuple):
    """A worker by its last heartbeat: process id, slots that it offers, attempts that it holds."""

    pid: int
    slots: int
    running: int


class Reading(NamedTuple):
    """All workers that the cell knows, and how many tasks wait for a slot."""

    beats: list[Beat]
    waiting: int


async def read(cell: Cell) -> Reading:
    """Return what the cell says; no workers while no scheduler has it.

    Raises:
        XQueueError: Redis does not answer.
    """
    views = await cell.workers()
    beats = [Beat(_info.decode(view.info).pid or 0, view.slots, view.running) for view in views]
    return Reading(beats, (await cell.stats()).open.get("pending", 0))
