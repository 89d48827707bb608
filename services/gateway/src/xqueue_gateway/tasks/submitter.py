"""Putting tasks into the log: accepted is only what Kafka has acknowledged."""

from asyncio import Future
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown, XQueueError
from xqueue_common.events import Submit
from xqueue_common.ids import cell_of, idempotent_task_id, new_task_id
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Headers, Outgoing
from xqueue_common.memory import MemoryWatch
from xqueue_gateway import metrics
from xqueue_gateway.problems import FieldError, Kind, Problem, no_memory, problem_of
from xqueue_gateway.submissions.spec import Defaults, Origin, fingerprint, first_state, payload_of, spec_of
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.turns import Turns
from xqueue_gateway.tasks.view import Found

_MOST_RECENT = 10_000


class Order(NamedTuple):
    """A submission, from whom it came, and under which idempotency key."""

    submission: Submission
    tenant: str
    key: str | None = None
    trace: str | None = None


class Receipt(NamedTuple):
    """An accepted task as it stands; ``replayed`` if an earlier submission with the same key had made it."""

    found: Found
    replayed: bool = False


Outcome = Receipt | Problem


class Submitter:
    """The submitter is responsible for giving out receipts only for what stands in the log.

    Two submissions with the same idempotency key take turns here. Those that reach different gateways in the same
    instant may both be appended; the scheduler takes the first in the log.
    """

    def __init__(self, *, log: Batcher, cells: CellMap, lookup: Lookup, memory: MemoryWatch, clock: Clock) -> None:
        self._log = log
        self._cells = cells
        self._lookup = lookup
        self._memory = memory
        self._clock = clock
        self._turns = Turns()
        # What was accepted under a key but may not be applied yet; the oldest has been by then.
        self._recent: OrderedDict[str, Found] = OrderedDict()

    async def submit(self, orders: Sequence[Order]) -> list[Outcome]:
        """Accept submissions; each gets its own outcome, in the same order.

        Raises:
            Problem: 503, none of them can be taken now.
            Unavailable: whether a key is known already cannot be found out.
        """
        if self._memory.full:
            raise no_memory()
        drafts = [self._draft(order) for order in orders]
        keyed = {draft.spec.task_id for draft in drafts if draft.spec.fingerprint is not None}
        if not keyed:
            return await self._append(drafts)
        async with self._turns.of(keyed):
            known = await self._lookup.known(tuple(keyed))
            return await self._append_new(drafts, {**self._recently(keyed), **known})

    def _draft(self, order: Order) -> Submit:
        submission, now_ms = order.submission, self._clock.now_ms()
        cell = self._cells.cell_of(submission.queue)
        if order.key is None:
            origin = Origin(new_task_id(cell, now_ms), order.tenant, now_ms, trace=order.trace)
        else:
            task_id = idempotent_task_id(cell, order.tenant, submission.queue, order.key)
            origin = Origin(task_id, order.tenant, now_ms, fingerprint(submission), order.trace)
        return Submit(spec_of(submission, origin, Defaults()), payload_of(submission))

    def _recently(self, keyed: set[str]) -> dict[str, Found]:
        return {task_id: self._recent[task_id] for task_id in keyed & self._recent.keys()}

    async def _append_new(self, drafts: Sequence[Submit], known: Mapping[str, Found]) -> list[Outcome]:
        """Append what is not known; answer the rest with what is."""
        new = [draft for draft in drafts if draft.spec.task_id not in known]
        appended = dict(zip((draft.spec.task_id for draft in new), await self._append(new), strict=True))
        for task_id, outcome in appended.items():
            if isinstance(outcome, Receipt):
                self._remember(task_id, outcome.found)
        return [appended.get(draft.spec.task_id) or _replay(draft, known[draft.spec.task_id]) for draft in drafts]

    def _remember(self, task_id: str, found: Found) -> None:
        self._recent[task_id] = found
        if len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)

    async def _append(self, drafts: Sequence[Submit]) -> list[Outcome]:
        waiting = [self._hand_in(draft) for draft in drafts]
        return [await _outcome(draft, offset) for draft, offset in zip(drafts, waiting, strict=True)]

    def _hand_in(self, draft: Submit) -> Future[int] | Problem:
        spec = draft.spec
        try:
            record = Outgoing(encode(draft), spec.task_id.encode(), _headers(spec.trace))
            return self._log.hand_in(cell_of(spec.task_id), record)
        except XQueueError as error:
            metrics.REJECTED.inc()
            return problem_of(error)


async def _outcome(draft: Submit, offset: Future[int] | Problem) -> Outcome:
    if isinstance(offset, Problem):
        return offset
    try:
        await offset
    except XQueueError as error:
        (metrics.UNKNOWN if isinstance(error, OutcomeUnknown) else metrics.REJECTED).inc()
        return problem_of(error)
    metrics.ACCEPTED.inc()
    return Receipt(Found(draft.spec, first_state(draft.spec)))


def _replay(draft: Submit, known: Found) -> Outcome:
    if known.spec.fingerprint != draft.spec.fingerprint:
        hint = "use a new key for another task, or send exactly what you sent before"
        error = FieldError("Idempotency-Key", f"it stands for task {known.spec.task_id} with another body", hint)
        metrics.REJECTED.inc()
        return Problem(Kind.KEY_REUSED, "this idempotency key was used with another body", [error])
    metrics.REPLAYED.inc()
    return Receipt(known, replayed=True)


def _headers(trace: str | None) -> Headers:
    return [] if trace is None else [("traceparent", trace.encode())]
