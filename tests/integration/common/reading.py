"""Reading what stands in a log."""

from typing import Any

from xqueue_common.kafka.tail import Tail


async def all_of(tail: Tail, start: int = 0) -> list[Any]:
    """Return all records from an offset on."""
    tail.seek(start)
    found: list[Any] = []
    async for records in tail.read_to(await tail.end()):
        found += records
    return found


async def values_of(tail: Tail, start: int = 0) -> list[bytes]:
    """Return what they hold."""
    return [record.value for record in await all_of(tail, start)]
