"""Putting a cell's parts together."""

import random

from redis.asyncio import Redis

from xqueue_common.clock import Clock
from xqueue_common.errors import Undecodable
from xqueue_common.events import Cancel, Command, Reprioritize, Submit, read_command, read_report
from xqueue_common.ids import cell_of
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.tail import Tail
from xqueue_common.memory import MemoryWatch
from xqueue_common.topics import Topics
from xqueue_scheduler.cell import CellLoop, CellTails
from xqueue_scheduler.feed import Feed, Input
from xqueue_scheduler.rebuild import Rebuilder
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.cell import CellStore
from xqueue_scheduler.takeover import Taker


class CellFactory:
    """Makes the loop of a cell, with tails of its own for each log that it reads."""

    def __init__(
        self,
        *,
        settings: Settings,
        topics: Topics,
        redis: Redis,
        dead: DeadRecords,
        memory: MemoryWatch,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._redis = redis
        self._dead = dead
        self._memory = memory
        self._clock = clock

    def __call__(self, cell: int) -> CellLoop:
        """Return the loop of this cell; nothing is connected before it runs."""
        settings, head = self._settings, self._settings.head()
        store = CellStore(self._redis, prefix=settings.redis_prefix, cell=cell)
        status = self._tail(self._topics.status, cell)
        commands, reports = self._tail(self._topics.commands, cell), self._tail(self._topics.reports, cell)
        rebuilder = Rebuilder(store=store, status=status, commands=commands, ended_ttl_ms=head.ttl)
        taker = Taker(
            owner=settings.scheduler_id,
            cell=cell,
            topics=self._topics,
            store=store,
            status=status,
            rebuilder=rebuilder,
            settings=head,
            clock=self._clock,
        )
        feed = Feed(Input(reports, read_report, self._dead), Input(commands, CommandsOf(cell), self._dead))
        return CellLoop(
            cell=cell,
            settings=settings,
            topics=self._topics,
            taker=taker,
            store=store,
            feed=feed,
            tails=CellTails(status, commands, reports),
            memory=self._memory,
            clock=self._clock,
            chance=random.random,
        )

    def _tail(self, topic: str, cell: int) -> Tail:
        return Tail(self._settings.kafka_bootstrap, topic, cell, client_id=f"xq-scheduler-{cell}")


class CommandsOf:
    """Reads commands, and refuses those that are in the wrong cell: nobody would find their tasks."""

    def __init__(self, cell: int) -> None:
        self._cell = cell

    def __call__(self, value: bytes | None) -> Command:
        """Return the command.

        Raises:
            Undecodable: it is none, or its task id names another cell.
        """
        command = read_command(value)
        for task_id in _tasks_of(command):
            if cell_of(task_id) != self._cell:
                msg = f"the task id {task_id} names cell {cell_of(task_id)}, the record is in cell {self._cell}"
                raise Undecodable(msg)
        return command


def _tasks_of(command: Command) -> list[str]:
    match command:
        case Submit():
            return [command.spec.task_id]
        case Cancel() | Reprioritize():
            return [command.task_id]
        case _:
            return []
