"""Reading what was submitted again, from the log of commands."""

import asyncio

from msgspec import Raw

from xqueue_common.errors import PositionLost, Undecodable
from xqueue_common.events import Submit, read_command
from xqueue_common.ids import cell_of
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topics
from xqueue_gateway.tasks.view import Found

_POLL_MS = 500
_POLLS = 10


class Recall:
    """The recall is responsible for giving back the payload of a task, as long as the log holds it.

    One consumer a cell, connected with the first question; who asks meanwhile takes turns.
    """

    def __init__(self, bootstrap: str, topics: Topics, *, cells: int) -> None:
        self._tails = {
            cell: Tail(bootstrap, topics.commands, cell, client_id=f"xq-gateway-recall-{cell}")
            for cell in range(cells)
        }
        self._turn = asyncio.Lock()

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(tail.stop() for tail in self._tails.values()))

    async def payload(self, found: Found) -> Raw | None:
        """Return the payload of a task; None: the log does not hold it any more.

        Raises:
            Unavailable: no broker answered.
        """
        tail, offset = self._tails[cell_of(found.spec.task_id)], found.state.command
        async with self._turn:
            value = await _record_at(tail, offset)
        return None if value is None else payload_in(value, found.spec.task_id)


async def _record_at(tail: Tail, offset: int) -> bytes | None:
    await tail.connect()
    if not await tail.begin() <= offset < await tail.end():
        return None
    try:
        tail.seek(offset)
        for _ in range(_POLLS):
            if records := await tail.poll(max_records=1, timeout_ms=_POLL_MS):
                return records[0].value if records[0].offset == offset else None
    except PositionLost:  # it was dropped this very moment
        pass
    return None


def payload_in(value: bytes, task_id: str) -> Raw | None:
    """Return the payload in a record if it is the submission of this task."""
    try:
        command = read_command(value)
    except Undecodable:
        return None
    if not isinstance(command, Submit) or command.spec.task_id != task_id:
        return None
    return Raw(bytes(command.payload))
