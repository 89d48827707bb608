"""Cancelling tasks, waiting or running."""

from dataclasses import dataclass

from xqueue_common.codec import encode
from xqueue_common.events import Cancel
from xqueue_common.ids import cell_of
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskState
from xqueue_gateway.problems import Problem, conflict
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.view import Found

_SHOWS_S = 1.0
"""How long the answer waits for the cancel to take effect; it does anyway."""


@dataclass(frozen=True, kw_only=True)
class Canceller:
    """The canceller is responsible for asking the scheduler to cancel, and for telling how that went."""

    log: Batcher
    lookup: Lookup
    hub: Hub

    async def cancel(self, sees: str | None, task_id: str) -> Found:
        """Cancel a task and return how it stands then.

        Raises:
            Problem: 404 there is none; 409 it has ended otherwise; 503 it cannot be said yet.
            OutcomeUnknown: the cancel may or may not have been taken; asking again does no harm.
            Unavailable: a broker or store is away.
        """
        with self.hub.watch(task_id) as watch:
            before = await self.lookup.find(sees, task_id)
            if before.state.ended or before.state.cancel:
                return _canceled(before)
            record = Outgoing(encode(Cancel(task_id, before.spec.tenant)), task_id.encode())
            await self.log.append(cell_of(task_id), record)
            await watch.until(_shows, _SHOWS_S)
        return _canceled(await self.lookup.find(sees, task_id))


def _shows(state: TaskState) -> bool:
    return state.ended or state.cancel


def _canceled(found: Found) -> Found:
    if found.state.ended and found.state.status is not Status.CANCELED:
        raise _too_late(found)
    return found


def _too_late(found: Found) -> Problem:
    status = found.state.status
    return conflict(
        f"task {found.spec.task_id} has already ended: {status}",
        f"its status is {status}, which is final",
        "nothing is left to cancel; read its result, or submit it again",
    )
