"""Reading topics as a member of a consumer group: for sinks, where any member may take over a partition."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from xqueue_common.errors import Unavailable
from xqueue_common.kafka.finish import closed
from xqueue_common.kafka.tail import READ_SETTINGS

log = structlog.get_logger(__name__)

_START_S = 20.0
_COMMIT_S = 10.0

GROUP_SETTINGS: dict[str, Any] = {
    **READ_SETTINGS,
    # Exactly one: with several JoinGroup is sent over and over. Range gives equally numbered partitions of
    # several topics to the same member.
    "partition_assignment_strategy": (RangePartitionAssignor,),
    "session_timeout_ms": 10_000,
    "heartbeat_interval_ms": 1_000,
    "max_poll_interval_ms": 300_000,
}


class GroupReader:
    """Records of some topics, shared out over the members of a group.

    Positions are committed by the caller once a record's work is done, so a crash repeats records and skips none.
    A partition read for the first time begins at its start, one whose position retention has outrun goes on at
    what is left, with an alarm in the log and ``lost`` counted up.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        group: str,
        *,
        client_id: str,
        stuck_after_s: float = 30.0,
    ) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._group = group
        self._client_id = client_id
        self._stuck_after_s = stuck_after_s
        self._raw: AIOKafkaConsumer | None = None
        self._heard = 0.0
        self.lost = 0

    async def start(self) -> None:
        """Join the group.

        Raises:
            Unavailable: no broker answered in time.
        """
        raw = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            **(GROUP_SETTINGS | {"group_id": self._group}),
        )
        try:
            async with asyncio.timeout(_START_S):
                await raw.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await discard(raw)
            raise _away(error) from error
        except BaseException:  # cancelled: half started, it would never be closed
            await discard(raw)
            raise
        self._raw = raw
        self._heard = time.monotonic()

    async def stop(self) -> None:
        """Leave the group."""
        raw, self._raw = self._raw, None
        if raw is not None:
            await discard(raw)

    async def poll(self, *, max_records: int, timeout_ms: int) -> Mapping[TopicPartition, Sequence[Any]]:
        """Return the next records by partition; none if none came within ``timeout_ms``.

        Raises:
            Unavailable: no broker answered in time.
        """
        if self._raw is None:
            await self.start()
        raw = self._consumer
        try:
            records: Mapping[TopicPartition, Sequence[Any]] = await raw.getmany(
                timeout_ms=timeout_ms, max_records=max_records
            )
        except NoOffsetForPartitionError as error:
            await self._begin(raw, error)
            return {}
        except OffsetOutOfRangeError as error:
            self.lost += 1
            log.error("the log no longer holds our position, going on with what is left", group=self._group)
            await self._begin(raw, error)
            return {}
        except KafkaError as error:
            raise _away(error) from error
        if records:
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > self._stuck_after_s:
            await self._check(raw)
        return records

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Commit the offsets of the next records to read; partitions taken away meanwhile are left out.

        Raises:
            Unavailable: the commit failed; the records since the last one will come again.
        """
        raw = self._consumer
        mine = {tp: offset for tp, offset in positions.items() if tp in raw.assignment()}
        if not mine:
            return
        try:
            async with asyncio.timeout(_COMMIT_S):
                await raw.commit(mine)
        except (KafkaError, TimeoutError, OSError) as error:
            raise _away(error) from error

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at another offset of a partition, if this member reads it."""
        if partition in self.assignment():
            self._consumer.seek(partition, offset)

    def hold(self, partitions: Collection[TopicPartition]) -> None:
        """Return nothing of these partitions until told otherwise, and of all others again.

        To be said before each poll: whoever joins the group anew, or gets a partition back, has forgotten it.
        """
        mine = self.assignment()
        if mine:
            held = self._consumer.paused()
            self._consumer.pause(*(mine.intersection(partitions) - held))
            self._consumer.resume(*(held & mine).difference(partitions))

    def end(self, partition: TopicPartition) -> int | None:
        """Return the offset behind the last record of a partition as last heard of; None when not known."""
        if partition not in self.assignment():
            return None
        end: int | None = self._consumer.highwater(partition)
        return end

    def assignment(self) -> frozenset[TopicPartition]:
        """Return the partitions that this member reads now."""
        return frozenset() if self._raw is None else frozenset(self._raw.assignment())

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        if self._raw is None:
            msg = "this reader is not started"
            raise RuntimeError(msg)
        return self._raw

    async def _begin(self, raw: AIOKafkaConsumer, error: KafkaError) -> None:
        named = error.args[0]
        partitions = list(named) if isinstance(named, dict) else [named]
        mine = [tp for tp in partitions if tp in raw.assignment()]
        if mine:
            await raw.seek_to_beginning(*mine)

    async def _check(self, raw: AIOKafkaConsumer) -> None:
        self._heard = time.monotonic()
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_COMMIT_S):
                assigned = list(raw.assignment() - raw.paused())
                ends = await raw.end_offsets(assigned) if assigned else {}
                behind = [tp for tp in assigned if await raw.position(tp) < ends[tp]]
            if behind:
                log.warning("kafka consumer stands still, replaced", partitions=str(behind))
                await self.stop()  # the next poll joins anew


def _away(error: BaseException) -> Unavailable:
    return Unavailable("kafka", str(error) or type(error).__name__)


def leave_for_good(raw: AIOKafkaConsumer) -> None:
    """Have a member with a name of its own leave its group when it is closed, as one without does.

    Otherwise what was assigned to it would wait for the end of its session, or for its return. There is no public
    way.
    """
    if raw._coordinator is not None:  # noqa: SLF001
        raw._coordinator._group_instance_id = None  # noqa: SLF001


async def discard(raw: AIOKafkaConsumer) -> None:
    """Leave the group and end all that belongs to a consumer, even while no broker answers."""
    await closed(raw.stop(), *_left(raw))


def _left(raw: AIOKafkaConsumer) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
    # stop() says goodbye to the group first. While no broker answers it does not come to the rest, which would go
    # on for ever: heartbeats, fetches, connections. There is no public way to end them.
    if raw._coordinator is None:  # noqa: SLF001  # not started so far: there is no group to say goodbye to
        return ()
    group = raw._coordinator  # noqa: SLF001
    return (
        group._stop_heartbeat_task,  # noqa: SLF001
        group._stop_commit_offsets_refresh_task,  # noqa: SLF001
        raw._fetcher.close,  # noqa: SLF001
        raw._client.close,  # noqa: SLF001
    )
