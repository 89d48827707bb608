"""The tasks that others depend on: whether they exist, and what is known of those that have ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET, Raw, structs

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.errors import XQueueError
from xqueue_common.events import Submit
from xqueue_common.ids import cell_of
from xqueue_common.task import Parent, TaskSpec, TaskState
from xqueue_gateway.problems import FieldError, Problem, invalid, problem_of
from xqueue_gateway.submissions.lineage import field_of
from xqueue_gateway.submissions.submission import HINTS
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.view import Found

RESULTS_BYTES = 100 * 1024
"""What the results of all parents of a task may have together, to be written beside it."""
_SURE_MS = 60_000
"""What is in Redis and ended no longer ago than this is still there, result and all, when we are applied."""
_MOST_ERRORS = 32


class Known(NamedTuple):
    """What is known of parents: those that were looked up, and the ids of those that are submitted just now."""

    found: Mapping[str, Found]
    siblings: frozenset[str]


class Parents:
    """The parents are responsible for a task depending only on tasks of its tenant and cell that exist."""

    def __init__(self, *, lookup: Lookup, clock: Clock) -> None:
        self._lookup = lookup
        self._clock = clock

    async def settle(self, drafts: Sequence[Submit], known: Mapping[str, Found]) -> list[Submit | Problem]:
        """Return drafts with what is known of their parents, or why they cannot be taken; in the same order.

        Drafts may depend on one another; ``known`` are tasks that were looked up already.
        """
        if not any(draft.spec.depends_on for draft in drafts):
            return list(drafts)
        siblings = frozenset(draft.spec.task_id for draft in drafts)
        wanted = {parent for draft in drafts for parent in _parents_in_cell(draft.spec)} - siblings - known.keys()
        try:
            found = {**known, **await self._lookup.existing(sorted(wanted))}
        except (Problem, XQueueError) as error:
            away = error if isinstance(error, Problem) else problem_of(error)
            return [away if wanted.intersection(draft.spec.depends_on or ()) else draft for draft in drafts]
        return [self._settled(draft, Known(found, siblings)) for draft in drafts]

    def _settled(self, draft: Submit, known: Known) -> Submit | Problem:
        spec = draft.spec
        if not spec.depends_on:
            return draft
        if errors := [*_faults(spec, known)][:_MOST_ERRORS]:
            return invalid(*errors)
        ended = {parent: it for parent in spec.depends_on if (it := known.found.get(parent)) and it.state.ended}
        facts = {**(spec.parents or {}), **self._facts(ended)}
        return structs.replace(draft, spec=structs.replace(spec, parents=facts or None))

    def _facts(self, ended: Mapping[str, Found]) -> dict[str, str]:
        sure_ms = self._clock.now_ms() - _SURE_MS
        old = {parent for parent, it in ended.items() if not it.in_redis or (it.state.finished_ms or 0) < sure_ms}
        fits = sum(_size(ended[parent].state) for parent in old) <= RESULTS_BYTES
        facts = {parent: _fact(it.state, told=fits and parent in old) for parent, it in ended.items()}
        return {parent: encode(fact).decode() for parent, fact in facts.items()}


def _parents_in_cell(spec: TaskSpec) -> Iterator[str]:
    own = cell_of(spec.task_id)
    return (parent for parent in spec.depends_on or () if cell_of(parent) == own)


def _faults(spec: TaskSpec, known: Known) -> Iterator[FieldError]:
    if spec.retry_of is not None:
        return  # they were all there once; what of them is known no more, the scheduler says
    for place, parent in enumerate(spec.depends_on or ()):
        if cell_of(parent) != cell_of(spec.task_id):
            hint = "let it depend on tasks of queues of the same cell only (XQ_CELLS)"
            yield FieldError(field_of(place), f"lives in another cell than queue {spec.queue}", hint)
        elif parent not in known.siblings and not _is_own(spec.tenant, known.found.get(parent)):
            yield FieldError(field_of(place), "no task of yours has this id", HINTS["depends_on"])


def _is_own(tenant: str, found: Found | None) -> bool:
    return found is not None and found.spec.tenant == tenant


def _size(state: TaskState) -> int:
    return len(bytes(state.result)) if isinstance(state.result, Raw) else 0


def _fact(state: TaskState, *, told: bool) -> Parent:
    if not isinstance(state.result, Raw):
        return Parent(state.status, artifact=state.artifact)
    return Parent(state.status, state.result) if told else Parent(state.status, UNSET, omitted=True)
