"""The registry in memory: read whole at the start, followed from then on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import structlog

from xqueue_common.errors import Undecodable
from xqueue_common.kafka.follow import follow
from xqueue_common.kafka.tail import Tail
from xqueue_common.registry.records import Registered, read_registered
from xqueue_common.registry.view import View

log = structlog.get_logger(__name__)

OnChange = Callable[[str, Registered | None], None]

_MOST = 1_000
_POLL_MS = 1_000


class Registry:
    """The registry is responsible for everybody being judged by the latest record of each id.

    While Kafka is away it goes on with what it has. A topic that was emptied or replaced is read anew, and what
    stands there no more counts no more.

    Attributes:
        view: what it holds; the same object for ever.
        next_offset: all records below it have been taken in.
    """

    def __init__(self, bootstrap: str, topic: str, *, client_id: str, on_change: OnChange | None = None) -> None:
        """Make one, not connected yet.

        Args:
            bootstrap: the brokers.
            topic: the compacted topic, of one partition.
            client_id: who we are to the brokers.
            on_change: called with every id and its new record (None: taken away), in the order of the log.
        """
        self.view = View()
        self.next_offset = 0
        self._tail = Tail(bootstrap, topic, 0, client_id=client_id)
        self._on_change = on_change
        self._moved = asyncio.Event()

    @property
    def records(self) -> Mapping[str, Registered]:
        """The latest record of each id."""
        return self.view.records

    async def start(self) -> None:
        """Connect and read all that stands in the log now.

        Raises:
            Unavailable: no broker answered in time.
        """
        await self._tail.connect()
        await self._read_anew()

    async def stop(self) -> None:
        """Disconnect."""
        await self._tail.stop()

    async def run(self) -> NoReturn:
        """Follow the log; what goes wrong is waited out."""
        await follow("the registry", self.round, self.start)

    async def round(self) -> int:
        """Take in what has come; return how many records that were.

        Raises:
            PositionLost: the log was emptied or replaced.
            Unavailable: no broker answered.
        """
        records = await self._tail.poll(max_records=_MOST, timeout_ms=_POLL_MS)
        self._take(records)
        await asyncio.sleep(0)  # a poll that finds records at hand does not let others run
        return len(records)

    async def reached(self, offset: int) -> None:
        """Wait until the record at an offset is taken in: one's own write, for instance. Bound it in time."""
        while self.next_offset <= offset:
            await self._moved.wait()

    async def _read_anew(self) -> None:
        begin, end = await self._tail.begin(), await self._tail.end()
        self._tail.seek(begin)
        found: set[str] = set()
        async for records in self._tail.read_to(end):
            found.update(record_id for record in records if (record_id := _id_of(record)))
            self._take(records)
        for gone in self.view.records.keys() - found:
            self._note(gone, None)
        self._move_to(end)

    def _take(self, records: Sequence[Any]) -> None:
        for record in records:
            try:
                self._hear(record)
            except Undecodable as error:
                log.warning("registry record skipped", offset=record.offset, reason=error.reason)
            except Exception:  # one record, whatever is wrong with it, must not silence all that follow
                log.exception("registry record skipped", offset=record.offset)
        if records:
            self._move_to(records[-1].offset + 1)

    def _hear(self, record: Any) -> None:
        record_id = _id_of(record)
        if record_id is None:
            msg = "it has no key"
            raise Undecodable(msg)
        if record.value is None:
            self._note(record_id, None)
            return
        read = read_registered(record.value)
        if read.id != record_id:
            msg = f"its key is {record_id!r}, its id {read.id!r}"
            raise Undecodable(msg)
        self._note(record_id, read)

    def _note(self, record_id: str, record: Registered | None) -> None:
        self.view.note(record_id, record)
        if self._on_change is not None:
            self._on_change(record_id, record)

    def _move_to(self, offset: int) -> None:
        self.next_offset = offset
        self._moved.set()
        self._moved = asyncio.Event()


def _id_of(record: Any) -> str | None:
    return record.key.decode(errors="replace") if record.key else None
