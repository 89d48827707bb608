"""Following the status and progress logs of all cells, from the moment the gateway starts."""

import asyncio
from typing import NoReturn

from xqueue_common.kafka.follow import follow
from xqueue_common.kafka.tail import Tail
from xqueue_common.spacing import Spacing
from xqueue_common.topics import Topics
from xqueue_gateway.push.intake import Ears, Intake, StatusIntake, Taken
from xqueue_gateway.push.progress_intake import ProgressIntake

_MOST = 500
"""Records taken in at once: about 5 ms, in which no request is answered."""
_ROUND_S = 0.01
"""From one reading to the next when they come thick and fast."""
_POLL_MS = 1_000


class Follower:
    """The follower is responsible for handing every record of one partition to its intake, whatever happens."""

    def __init__(self, tail: Tail, intake: Intake) -> None:
        self._tail = tail
        self._intake = intake
        self._spacing = Spacing(_ROUND_S)

    async def start(self) -> None:
        """Connect and go on at the end of the log.

        Raises:
            Unavailable: no broker answered.
        """
        await self._tail.connect()
        end = await self._tail.end()
        await self._intake.prime(self._tail, end)
        self._tail.seek(end)

    async def stop(self) -> None:
        """Disconnect."""
        await self._tail.stop()

    async def run(self) -> NoReturn:
        """Read on and on; what goes wrong is waited out."""
        await follow(self._tail.topic, self.round, self.start)

    async def round(self) -> Taken:
        """Take in what has come.

        Raises:
            PositionLost: the log was cut off before our position.
            Unavailable: no broker answered.
        """
        await self._spacing.wait()
        records = await self._tail.poll(max_records=_MOST, timeout_ms=_POLL_MS)
        taken = self._intake.take(records)
        if 0 < len(records) < _MOST:  # behind as many, more are waiting
            self._spacing.spend(len(records))
        # A poll that finds records at hand does not let others run.
        await asyncio.sleep(0)
        return taken


class Feed:
    """The feed is responsible for hearing every change of every task, in the order of its cell."""

    def __init__(self, bootstrap: str, topics: Topics, *, cells: int, ears: Ears) -> None:
        def tail(topic: str, cell: int) -> Tail:
            return Tail(bootstrap, topic, cell, client_id=f"xq-gateway-{topic}-{cell}")

        self._followers = [
            follower
            for cell in range(cells)
            for follower in (
                Follower(tail(topics.status, cell), StatusIntake(cell, ears)),
                Follower(tail(topics.progress, cell), ProgressIntake(ears)),
            )
        ]

    async def start(self) -> None:
        """Connect: whatever is said from now on is heard.

        Raises:
            Unavailable: no broker answered.
        """
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.start())

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(follower.stop() for follower in self._followers))

    async def run(self) -> None:
        """Hear, for ever."""
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.run())
