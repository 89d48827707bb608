"""A worker of a walk: leases an inbox, offers slots, leaves."""

from support.scheduler.fold.state import Offer
from support.scheduler.fold.steps import Offering

from xqueue_common.cell import Cell, Code
from xqueue_common.cell import Offer as Beat


class Worker:
    """A worker that says what the walk says."""

    def __init__(self, cell: Cell, offering: Offering) -> None:
        self._cell = cell
        self._offering = offering
        self.incarnation = f"{offering.name}#1"
        self.slots = 0
        self._models: tuple[str, ...] = ()
        self._room_mb = 0
        self._inbox = -1
        self._inboxes = 0
        self._seq = 0

    @property
    def offer(self) -> Offer:
        """What it offers, as the model takes it."""
        _, queues, types, memory_mb = self._offering
        return Offer(self.slots, memory_mb, queues, types, frozenset(self._models), self._room_mb)

    def hold(self, models: tuple[str, ...], room_mb: int) -> None:
        """Hold these models from now on, and have so much memory left."""
        self._models, self._room_mb = models, room_mb

    async def join(self, inboxes: int) -> bool:
        """Lease one of so many inboxes; return whether there was one."""
        self._inboxes = inboxes
        code, inbox = await self._cell.lease_inbox(self.incarnation, first=0, step=1, count=inboxes)
        self._inbox = -1 if inbox is None else inbox
        return code is Code.OK

    async def beat(self, slots: int) -> None:
        """Offer so many slots; if another has leased the inbox meanwhile, lease one anew."""
        self.slots = slots
        if await self._heartbeat() is Code.INBOX_LOST:
            assert await self.join(self._inboxes)
            assert await self._heartbeat() is Code.OK

    async def _heartbeat(self) -> Code:
        self._seq += 1
        name, queues, types, memory = self._offering
        profile = f"{','.join(queues)}|{','.join(types)}"
        offer = Beat(
            *(name, self._inbox, self._seq, self.slots, list(queues), list(types), profile, "{}", memory),
            models=list(self._models),
            gpu_room_mb=self._room_mb,
        )
        return (await self._cell.heartbeat(self.incarnation, offer, [])).code

    async def leave(self) -> None:
        """Go away."""
        await self._cell.leave(self.incarnation, self._inbox)
