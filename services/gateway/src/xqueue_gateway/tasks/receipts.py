"""What becomes of a submission: a receipt, or a problem."""

from asyncio import Future
from collections.abc import Iterable
from typing import NamedTuple

from xqueue_common.errors import OutcomeUnknown, XQueueError
from xqueue_common.events import Submit
from xqueue_gateway import metrics
from xqueue_gateway.problems import FieldError, Kind, Problem, problem_of
from xqueue_gateway.submissions.first_state import first_state
from xqueue_gateway.tasks.view import Found


class Receipt(NamedTuple):
    """An accepted task as it stands; ``replayed`` if an earlier submission with the same key had made it."""

    found: Found
    replayed: bool = False


Outcome = Receipt | Problem


async def outcomes(drafts: Iterable[tuple[Submit, Future[int] | Problem]]) -> list[Outcome]:
    """Return what has become of drafts, once the log has answered; in the same order."""
    became = [await _outcome(draft, offset) for draft, offset in drafts]
    metrics.ACCEPTED.inc(sum(isinstance(it, Receipt) for it in became))
    return became


async def _outcome(draft: Submit, offset: Future[int] | Problem) -> Outcome:
    if isinstance(offset, Problem):
        metrics.REJECTED.inc()
        return offset
    try:
        await offset
    except XQueueError as error:
        (metrics.UNKNOWN if isinstance(error, OutcomeUnknown) else metrics.REJECTED).inc()
        return problem_of(error)
    return Receipt(Found(draft.spec, first_state(draft.spec)))


def replay(draft: Submit, known: Found) -> Outcome:
    """Return what a key that is known already gives: its task, unless it was used for something else."""
    if known.spec.fingerprint != draft.spec.fingerprint:
        hint = "use a new key for another task, or send exactly what you sent before"
        error = FieldError("Idempotency-Key", f"it stands for task {known.spec.task_id} with another body", hint)
        metrics.REJECTED.inc()
        return Problem(Kind.KEY_REUSED, "this idempotency key was used with another body", [error])
    metrics.REPLAYED.inc()
    return Receipt(known, replayed=True)
