"""Changing the registry: what was written is read here before anybody is told that it is done."""

import asyncio
from dataclasses import dataclass

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.registry.records import Registered
from xqueue_common.registry.registry import Registry

_PATIENCE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class RegistryWriter:
    """The registry writer is responsible for changes that this gateway judges by as soon as they were answered."""

    log: Batcher
    registry: Registry

    async def put(self, record_id: str, record: Registered) -> None:
        """Give an id this record.

        Raises:
            OutcomeUnknown: it may or may not stand in the log.
            RecordTooLarge, Unavailable: it does not.
        """
        await self._append(Outgoing(encode(record), record_id.encode()))

    async def remove(self, record_id: str) -> None:
        """Take an id away.

        Raises:
            OutcomeUnknown: it may or may not be gone.
            Unavailable: it is not.
        """
        await self._append(Outgoing(None, record_id.encode()))

    async def _append(self, record: Outgoing) -> None:
        offset = await self.log.append(0, record)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.registry.reached(offset)
        except TimeoutError as error:
            raise OutcomeUnknown from error
