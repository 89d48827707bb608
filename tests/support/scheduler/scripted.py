"""A worker that does what the test says, and nothing else."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from support.eventually import eventually
from support.scheduler.inboxes import INBOXES
from support.scheduler.making import TYPE, Outcome, finished

from xqueue_common.cell import Admission, Ask, Beat, Code, Offer
from xqueue_common.events import Dispatch, Report

if TYPE_CHECKING:
    from support.scheduler.world import World


class ScriptedWorker:
    """A worker of the world's cell: leases an inbox, offers slots, claims, reports."""

    def __init__(self, world: "World", name: str, slots: int, types: Sequence[str] = (TYPE,)) -> None:
        self._world = world
        self._name = name
        self.incarnation = f"{name}#1"
        self.slots = slots
        self._types = list(types)
        self.inbox = -1
        self._seq = 0
        self.running: list[tuple[str, str]] = []
        """Attempts that it was admitted to: task id and token."""

    async def join(self) -> None:
        """Lease an inbox and offer the slots."""
        code, inbox = await self._world.cell.lease_inbox(self.incarnation, first=0, step=1, count=INBOXES)
        assert code is Code.OK, code
        assert inbox is not None
        self.inbox = inbox
        await self.beat()

    async def beat(self) -> Beat:
        """Say that it lives and what it runs."""
        self._seq += 1
        offer = Offer(self._name, self.inbox, self._seq, self.slots, ["*"], self._types, "all", "{}")
        return await self._world.cell.heartbeat(self.incarnation, offer, self.running)

    async def claim(self, dispatch: Dispatch) -> Admission:
        """Ask for leave to begin."""
        ask = Ask(dispatch.spec.task_id, dispatch.token, dispatch.epoch, dispatch.call)
        [answer] = await self._world.cell.claim(self.incarnation, [ask])
        if answer is Admission.ADMITTED:
            self.running.append((dispatch.spec.task_id, dispatch.token))
        return answer

    async def begin(self, dispatch: Dispatch) -> Admission:
        """Ask for leave to begin until there is an answer."""

        async def answered() -> tuple[Admission] | None:
            answer = await self.claim(dispatch)
            return None if answer is Admission.WAIT else (answer,)

        return (await eventually(answered, self._world.patience_s))[0]

    async def report(self, *reports: Report) -> None:
        """Append reports."""
        await self._world.report(*reports)

    async def finish(self, dispatch: Dispatch, outcome: Outcome = "success", **facts: Any) -> None:
        """Report the end of an attempt."""
        attempt = (dispatch.spec.task_id, dispatch.token)
        self.running = [running for running in self.running if running != attempt]
        await self.report(finished(*attempt, outcome, **facts))
