"""A batch of submissions: one answer, in which each item has its own outcome."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from xqueue_gateway.access.caller import Caller
from xqueue_gateway.problems import Problem, ProblemDetails
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.drafting import Order
from xqueue_gateway.tasks.receipts import Outcome, Receipt


class BatchItem(Struct, frozen=True):
    """What became of one submission: the id of its task, or what was wrong."""

    index: int
    task_id: str | UnsetType = UNSET
    error: ProblemDetails | UnsetType = UNSET


class BatchAnswer(Struct, frozen=True):
    """What became of a batch."""

    accepted: int
    rejected: int
    items: list[BatchItem]


def batch_orders(items: Sequence[Submission | Problem], caller: Caller) -> list[Order | Problem]:
    """Return the orders of the good items, and what is wrong with the others; in the same order.

    With an idempotency key each item gets its own, made of the batch's and its place: so a whole batch can be sent
    again after an answer was lost.
    """
    return [
        item if isinstance(item, Problem) else Order(item, caller.tenant, _key(caller, index), caller.trace)
        for index, item in enumerate(items)
    ]


def _key(caller: Caller, index: int) -> str | None:
    return None if caller.key is None else f"{caller.key}/{index}"


def batch_answer(items: Sequence[Submission | Problem], outcomes: Sequence[Outcome]) -> BatchAnswer:
    """Return the answer, given what became of all items.

    Raises:
        Problem: 503 or 429, none of the good items was taken, and all may go better later.
    """
    good = [outcome for item, outcome in zip(items, outcomes, strict=True) if isinstance(item, Submission)]
    _check_any_taken(good)
    told = [_item(index, outcome) for index, outcome in enumerate(outcomes)]
    accepted = sum(item.error is UNSET for item in told)
    return BatchAnswer(accepted, len(told) - accepted, told)


def _check_any_taken(outcomes: Sequence[Outcome]) -> None:
    """A client retries on the status of the answer: it must say so when nothing at all could be done."""
    later = [o for o in outcomes if isinstance(o, Problem) and o.retry_after_s is not None]
    if later and len(later) == len(outcomes):
        raise max(later, key=lambda problem: problem.kind.status)


def _item(index: int, outcome: Outcome) -> BatchItem:
    if isinstance(outcome, Receipt):
        return BatchItem(index, task_id=outcome.found.spec.task_id)
    return BatchItem(index, error=outcome.details())
