"""Putting tasks into the log: accepted is only what Kafka has acknowledged."""

from asyncio import Future
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from xqueue_common.codec import encode
from xqueue_common.errors import XQueueError
from xqueue_common.events import Submit
from xqueue_common.ids import cell_of
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Headers, Outgoing
from xqueue_common.memory import MemoryWatch
from xqueue_gateway import metrics
from xqueue_gateway.access.quotas import Quotas
from xqueue_gateway.control.known_queues import KnownQueues
from xqueue_gateway.problems import Problem, no_memory, problem_of
from xqueue_gateway.submissions.lineage import behind, field_of
from xqueue_gateway.tasks.drafting import Drafter, Order
from xqueue_gateway.tasks.gate import Gate, Place
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.parents import Parents
from xqueue_gateway.tasks.receipts import Outcome, Receipt, outcome, replay
from xqueue_gateway.tasks.turns import Turns
from xqueue_gateway.tasks.view import Found

_MOST_RECENT = 10_000

Refused = dict[str, Problem]
"""Tasks of the same request that were not taken, by id: none that depends on them may be."""


class Submitter:
    """The submitter is responsible for giving out receipts only for what stands in the log.

    Two submissions with the same idempotency key take turns here. Those that reach different gateways in the same
    instant may both be appended; the scheduler takes the first in the log.
    """

    def __init__(
        self,
        *,
        log: Batcher,
        drafter: Drafter,
        parents: Parents,
        queues: KnownQueues,
        quotas: Quotas,
        gate: Gate,
        lookup: Lookup,
        memory: MemoryWatch,
    ) -> None:
        self._log = log
        self._drafter = drafter
        self._parents = parents
        self._queues = queues
        self._quotas = quotas
        self._gate = gate
        self._lookup = lookup
        self._memory = memory
        self._turns = Turns()
        # What was accepted under a key but may not be applied yet; the oldest has been by then.
        self._recent: OrderedDict[str, Found] = OrderedDict()

    async def submit(self, orders: Sequence[Order | Problem]) -> list[Outcome]:
        """Accept submissions; each gets its own outcome, in the same order.

        Orders may depend on one another; one that cannot be taken is passed as what is wrong with it.

        Raises:
            Problem: 503, none of them can be taken now.
            Unavailable: whether a key is known already cannot be found out.
        """
        drafts = self._drafter.draft(orders)
        outcomes: dict[int, Outcome] = {i: draft for i, draft in drafts.items() if isinstance(draft, Problem)}
        metrics.REJECTED.inc(len(outcomes))
        good = {i: draft for i, draft in drafts.items() if isinstance(draft, Submit)}
        outcomes |= zip(good, await self.accept(list(good.values())), strict=True)
        return [outcomes[i] for i in range(len(orders))]

    async def accept(self, drafts: Sequence[Submit]) -> list[Outcome]:
        """Accept tasks as they would stand in the log, parents first.

        A fingerprint says that the id is that of a key.

        Raises:
            Problem: 503, none of them can be taken now.
            Unavailable: whether a key is known already cannot be found out.
        """
        if self._memory.full:
            raise no_memory()
        keyed = {draft.spec.task_id for draft in drafts if draft.spec.fingerprint is not None}
        if not keyed:
            return await self._append(drafts, {}, {})
        async with self._turns.of(keyed):
            known = await self._lookup.known(tuple(keyed))
            return await self._append_new(drafts, {**self._recently(keyed), **known})

    def _recently(self, keyed: set[str]) -> dict[str, Found]:
        return {task_id: self._recent[task_id] for task_id in keyed & self._recent.keys()}

    async def _append_new(self, drafts: Sequence[Submit], known: Mapping[str, Found]) -> list[Outcome]:
        """Append what is not known; answer the rest with what is."""
        ids = [draft.spec.task_id for draft in drafts]
        became = {i: replay(d, known[i]) for i, d in zip(ids, drafts, strict=True) if i in known}
        refused = {i: it for i, it in became.items() if isinstance(it, Problem)}
        new = {i: draft for i, draft in zip(ids, drafts, strict=True) if i not in known}
        appended = dict(zip(new, await self._append(list(new.values()), known, refused), strict=True))
        for task_id, it in appended.items():
            if isinstance(it, Receipt):
                self._remember(task_id, it.found)
        became |= appended
        return [became[i] for i in ids]

    def _remember(self, task_id: str, found: Found) -> None:
        self._recent[task_id] = found
        if len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)

    async def _append(
        self, drafts: Sequence[Submit], known: Mapping[str, Found], refused: Refused
    ) -> list[Outcome]:
        settled = await self._queues.settle(await self._parents.settle(drafts, known))
        settled = await self._quotas.settle(settled)
        entered = iter(await self._gate.enter([draft.spec for draft in settled if isinstance(draft, Submit)]))
        # From here to the last one nobody else gets a turn, so all are sent together: parents with their children.
        waiting = []
        for draft, ready in zip(drafts, settled, strict=True):
            offset = ready if isinstance(ready, Problem) else self._hand_in(ready, next(entered), refused)
            if isinstance(offset, Problem):
                refused[draft.spec.task_id] = offset
            waiting.append((ready if isinstance(ready, Submit) else draft, offset))
        return [await outcome(draft, offset) for draft, offset in waiting]

    def _hand_in(self, draft: Submit, place: Place | Problem, refused: Refused) -> Future[int] | Problem:
        if isinstance(place, Problem):
            return place
        offset = _refused_parent(draft, refused) or self._appended(draft)
        place.hold(offset)
        return offset

    def _appended(self, draft: Submit) -> Future[int] | Problem:
        spec = draft.spec
        try:
            record = Outgoing(encode(draft), spec.task_id.encode(), _headers(spec.trace))
            return self._log.hand_in(cell_of(spec.task_id), record)
        except XQueueError as error:
            return problem_of(error)


def _refused_parent(draft: Submit, refused: Refused) -> Problem | None:
    parents = enumerate(draft.spec.depends_on or ())
    return next((behind(field_of(place), refused[parent]) for place, parent in parents if parent in refused), None)


def _headers(trace: str | None) -> Headers:
    return [] if trace is None else [("traceparent", trace.encode())]
