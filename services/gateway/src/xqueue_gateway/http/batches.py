"""A batch of submissions: one answer, in which each item has its own outcome."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET, Struct, UnsetType

from xqueue_gateway import metrics
from xqueue_gateway.http.caller import Caller
from xqueue_gateway.problems import Kind, Problem, ProblemDetails
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.submitter import Order, Outcome, Receipt


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


def batch_orders(items: Sequence[Submission | Problem], caller: Caller) -> list[Order]:
    """Return the orders of the good items.

    With an idempotency key each item gets its own, made of the batch's and its place: so a whole batch can be sent
    again after an answer was lost.
    """
    return [
        Order(item, caller.tenant, None if caller.key is None else f"{caller.key}/{index}", caller.trace)
        for index, item in enumerate(items)
        if isinstance(item, Submission)
    ]


def batch_answer(items: Sequence[Submission | Problem], outcomes: Sequence[Outcome]) -> BatchAnswer:
    """Return the answer, given what became of the good items.

    Raises:
        Problem: 503, Kafka has taken none of the good items.
    """
    _check_any_taken(outcomes)
    rest = iter(outcomes)
    told = [_item(index, outcome) for index, outcome in enumerate(_merged(items, rest))]
    accepted = sum(item.error is UNSET for item in told)
    metrics.REJECTED.inc(sum(isinstance(item, Problem) for item in items))
    return BatchAnswer(accepted, len(told) - accepted, told)


def _check_any_taken(outcomes: Sequence[Outcome]) -> None:
    """A client retries on the status of the answer: it must say so when nothing at all could be done."""
    away = [o for o in outcomes if isinstance(o, Problem) and o.kind is Kind.UNAVAILABLE]
    if away and len(away) == len(outcomes):
        raise away[0]


def _merged(items: Sequence[Submission | Problem], rest: Iterator[Outcome]) -> Iterator[Outcome]:
    for item in items:
        yield item if isinstance(item, Problem) else next(rest)


def _item(index: int, outcome: Outcome) -> BatchItem:
    if isinstance(outcome, Receipt):
        return BatchItem(index, task_id=outcome.found.spec.task_id)
    return BatchItem(index, error=outcome.details())
