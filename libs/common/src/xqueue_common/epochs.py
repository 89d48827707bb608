"""The rule by which every reader of ``xq.status`` ignores what a replaced scheduler still wrote (rule R1)."""

from xqueue_common.errors import Undecodable
from xqueue_common.events import StatusTopicRecord, Takeover, read_status
from xqueue_common.kafka.tail import Tail


class EpochFilter:
    """Follows one partition of the status log; its state is the highest epoch seen.

    A record's own epoch counts as seen: its takeover record must stand before it. So an epoch beyond the
    record's own offset is nobody's.

    Persist ``epoch`` together with the position when reading goes on later, and hand it back then.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch

    def admit(self, offset: int, record: StatusTopicRecord) -> bool:
        """Return whether this record counts; a takeover record never does, it raises the epoch."""
        if isinstance(record, Takeover):
            self.epoch = max(self.epoch, offset)
            return False
        if not self.epoch <= record.epoch <= offset:
            return False
        self.epoch = record.epoch
        return True


_LOOK_BACK = 1_000


async def epoch_at(tail: Tail, position: int) -> int:
    """Return the epoch in force at an offset of the status log, judged by the records just before it.

    For readers that begin in the middle. A record's epoch is that of a takeover before it, so the highest one
    counts. The tail must be started; its position is moved.
    """
    epoch = 0
    begin = await tail.begin()
    tail.seek(max(begin, position - _LOOK_BACK))
    async for records in tail.read_to(position):
        for record in records:
            epoch = max(epoch, _epoch_of(record.offset, record.value))
    return epoch


def _epoch_of(offset: int, value: bytes) -> int:
    try:
        record = read_status(value)
    except Undecodable:
        return 0
    if isinstance(record, Takeover):
        return offset
    return record.epoch if record.epoch <= offset else 0
