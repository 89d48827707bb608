"""Refusing what has no room, where an operator has said how much room there is."""

import asyncio
from asyncio import Future
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import structlog

from xqueue_common.cell import Cell
from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable
from xqueue_common.ids import cell_of
from xqueue_common.scopes import queue_scope
from xqueue_common.task import TaskSpec
from xqueue_gateway.access.quotas import Quotas
from xqueue_gateway.control.book import Book
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.tasks.room import Bound, Ledger, bounds_of, flow_of, full, hopeless
from xqueue_gateway.tasks.waitings import Waitings

log = structlog.get_logger(__name__)


class Place:
    """A task's places in the scopes that are bounded, until the log says where it came to stand."""

    __slots__ = ("_ledger", "_scopes")

    def __init__(self, ledger: Ledger | None = None, scopes: Sequence[str] = ()) -> None:
        self._ledger = ledger
        self._scopes = scopes

    def hold(self, offset: "Future[int] | Problem") -> None:
        """Hold the places for a record that is being appended; give them back if it was not."""
        if self._ledger is None:
            return
        if isinstance(offset, Problem):
            self._ledger.settle(self._scopes, None)
        else:
            offset.add_done_callback(self._settle)

    def _settle(self, offset: "Future[int]") -> None:
        if self._ledger is not None:
            lost = offset.cancelled() or offset.exception() is not None
            self._ledger.settle(self._scopes, None if lost else offset.result())


_ANYWHERE = Place()


class Gate:
    """The gate is responsible for letting in no more than may wait, as far as this gateway can know.

    While a cell cannot say what waits, the last it said counts, and what was appended since.
    """

    def __init__(
        self,
        cells: Mapping[int, Cell],
        *,
        books: Mapping[int, Book],
        drain: Drain,
        clock: Clock,
        reject_hopeless: bool,
        quotas: Quotas | None = None,
    ) -> None:
        self._books = books
        self._drain = drain
        self._clock = clock
        self._reject_hopeless = reject_hopeless
        self._quotas = quotas
        self._waitings = {number: Waitings(cell) for number, cell in cells.items()}
        self._ledgers = {number: Ledger() for number in cells}

    async def enter(self, specs: Sequence[TaskSpec]) -> list[Place | Problem]:
        """Return a place for each of these tasks, or why it has none; in the same order."""
        bounds = [tuple(self._bounds(spec)) for spec in specs]
        scopes = defaultdict[int, set[str]](set)
        for spec, own in zip(specs, bounds, strict=True):
            scopes[cell_of(spec.task_id)].update(self._scopes(spec, own))
        asked = [(cell, named) for cell, named in scopes.items() if named]
        if not asked:
            return [_ANYWHERE] * len(specs)
        await asyncio.gather(*(self._learn(cell, named) for cell, named in asked))
        # From here to the last place nobody else gets a turn: so nobody is given the same one.
        return [self._place(spec, own) for spec, own in zip(specs, bounds, strict=True)]

    def _bounds(self, spec: TaskSpec) -> Iterator[Bound]:
        quota = None if self._quotas is None else self._quotas.open_tasks(spec.tenant)
        return bounds_of(spec, self._books[cell_of(spec.task_id)], quota)

    def _scopes(self, spec: TaskSpec, bounds: Sequence[Bound]) -> set[str]:
        more = flow_of(spec) if self._reject_hopeless else ()
        return {*more, *(bound.scope for bound in bounds)}

    async def _learn(self, cell: int, scopes: set[str]) -> None:
        try:
            waiting = await self._waitings[cell].ask(scopes)
        except Unavailable as error:
            log.debug("nobody knows what waits", cell=cell, error=str(error))
            return
        if waiting.commands >= 0:
            self._ledgers[cell].learn(waiting.commands, waiting.counts)

    def _place(self, spec: TaskSpec, bounds: Sequence[Bound]) -> Place | Problem:
        ledger = self._ledgers[cell_of(spec.task_id)]
        for bound in bounds:
            waiting = ledger.waiting(bound.scope)
            if waiting >= bound.most:
                return full(bound, waiting, self._per_second(bound.scope))
        if self._reject_hopeless and (problem := self._hopeless(spec, ledger)):
            return problem
        scopes = list(self._scopes(spec, bounds))
        ledger.take(scopes)
        return Place(ledger, scopes)

    def _hopeless(self, spec: TaskSpec, ledger: Ledger) -> Problem | None:
        if spec.priority > self._books[cell_of(spec.task_id)].defaults(spec.queue).priority:
            return None  # nobody here knows how many wait at its priority
        # Others may be overtaken, but hardly those of its own key, or without a key of its tenant.
        ahead = min(ledger.waiting(scope) for scope in flow_of(spec))
        return hopeless(spec, ahead, self._per_second(queue_scope(spec.queue)))

    def _per_second(self, scope: str) -> float:
        return self._drain.per_second(scope, self._clock.monotonic_ms())
