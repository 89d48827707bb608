"""Reading submissions: from the bytes of a request to a ``Submission`` that keeps every rule of the API."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Raw

from xqueue_gateway.problems import FieldError, Problem, invalid, too_large
from xqueue_gateway.submissions.address import address_error
from xqueue_gateway.submissions.form import Form, too_deep
from xqueue_gateway.submissions.json_text import nested_too_deeply
from xqueue_gateway.submissions.lineage import reference_errors
from xqueue_gateway.submissions.submission import DAYS_30_S, HINTS, Batch, BatchedSubmission, Submission

_submission = Form(Submission, HINTS)
_batch = Form(Batch, HINTS)
_item_of_batch = Form(BatchedSubmission, HINTS)


class Rules(NamedTuple):
    """What this installation allows."""

    max_payload_bytes: int
    allow_private_webhooks: bool = False


def read_submission(body: bytes, rules: Rules, *, now_ms: int) -> Submission:
    """Return the submission in a request body.

    Raises:
        Problem: 400 no JSON; 413 the payload is too large; 422 fields that break a rule, all of them by name.
    """
    return checked(_submission.read(body), rules, now_ms)


def read_batch(body: bytes, rules: Rules, *, now_ms: int) -> list[Submission | Problem]:
    """Return the submissions of a batch in order, each or what is wrong with it.

    Raises:
        Problem: 400 no JSON; 422 no batch.
    """
    batch = _batch.read(body)
    return [_item(raw, rules, now_ms) for raw in batch.tasks]


def _item(raw: Raw, rules: Rules, now_ms: int) -> Submission | Problem:
    try:
        return checked(_item_of_batch.read_text(raw), rules, now_ms)
    except Problem as problem:
        return problem


def checked(submission: Submission, rules: Rules, now_ms: int) -> Submission:
    """Return a submission that has been read, if its fields agree.

    Raises:
        Problem: 413 the payload is too large; 422 fields that contradict one another.
    """
    if isinstance(submission.payload, Raw):
        _check_payload(bytes(submission.payload), rules)
    if errors := list(_contradictions(submission, rules, now_ms)):
        raise invalid(*errors)
    return submission


def _check_payload(payload: bytes, rules: Rules) -> None:
    if len(payload) > rules.max_payload_bytes:
        field, hint = "payload", "upload it as an artifact and pass its id"
        raise too_large(field, len(payload), rules.max_payload_bytes, hint)
    if nested_too_deeply(payload):
        raise too_deep()


def _contradictions(submission: Submission, rules: Rules, now_ms: int) -> Iterator[FieldError]:
    if submission.delay is not None and submission.run_at is not None:
        yield FieldError("run_at", "delay is given as well", "give either delay or run_at")
    if submission.run_at is not None and submission.run_at.timestamp() > now_ms / 1000 + DAYS_30_S:
        yield FieldError("run_at", "more than 30 days ahead", HINTS["run_at"])
    if submission.max_concurrency is not None and submission.concurrency_key is None:
        yield FieldError("concurrency_key", "max_concurrency is given without it", "name the key that it limits")
    if submission.webhook is not None:
        error = address_error(submission.webhook.url, allow_private=rules.allow_private_webhooks)
        if error is not None:
            yield error
    yield from reference_errors(submission.depends_on or ())
