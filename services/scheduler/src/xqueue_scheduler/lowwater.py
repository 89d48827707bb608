"""Finding the low-water mark: the last record of every call carries it, so the end of the log has it."""

from typing import Any

from xqueue_common.codec import Reader
from xqueue_common.epochs import EpochFilter, epoch_at
from xqueue_common.errors import PositionLost, Undecodable
from xqueue_common.events import LowWater, Takeover, read_status
from xqueue_common.kafka.tail import Tail
from xqueue_scheduler.records import low_water_in

_read = Reader[LowWater](LowWater)
_FIRST_LOOK = 2_000


async def find_low_water(status: Tail, end: int) -> LowWater:
    """Return the newest low-water mark before ``end``, looking back further and further.

    In a log that holds none yet, everything is needed: the mark is the start of the log.

    Raises:
        PositionLost: the log holds no mark, and its beginning is gone.
        Unavailable: no broker answered.
    """
    begin, look = await status.begin(), _FIRST_LOOK
    while True:
        start = max(begin, end - look)
        found = await _last_between(status, start, end)
        if found is not None:
            return found
        if start == begin:
            break
        look *= 4
    if begin > 0:
        raise PositionLost(status.topic, status.partition, 0)
    return LowWater(0, 0, 0)


async def _last_between(status: Tail, start: int, end: int) -> LowWater | None:
    found: LowWater | None = None
    valid = EpochFilter(await epoch_at(status, start))
    status.seek(start)
    async for records in status.read_to(end):
        for record in records:
            value = low_water_in(record.headers) if _counts(record, valid) else None
            if value is not None:
                found = _try(value) or found
    return found


def _counts(record: Any, valid: EpochFilter) -> bool:
    """Whether a mark on this record counts: that of a replaced owner relies on records that nobody else reads."""
    try:
        read = read_status(record.value)
    except Undecodable:
        return False
    return valid.admit(record.offset, read) or isinstance(read, Takeover)


def _try(value: bytes) -> LowWater | None:
    try:
        return _read(value)
    except Undecodable:
        return None
