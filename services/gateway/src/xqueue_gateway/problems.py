"""Everything that a client can be told went wrong, as RFC 9457 problem details.

One exception for all of it: what differs is its kind. Any door (HTTP, WebSocket, an item of a batch) shows the
same body.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from xqueue_common.errors import OutcomeUnknown, RecordTooLarge, Unavailable, XQueueError

MEDIA_TYPE = b"application/problem+json"


class Kind(Enum):
    """The kinds of problems: HTTP status, last part of the type, title."""

    BAD_REQUEST = (400, "bad-request", "The request cannot be read")
    BAD_JSON = (400, "bad-json", "The body is not valid JSON")
    UNAUTHORIZED = (401, "unauthorized", "It is not known who asks")
    FORBIDDEN = (403, "forbidden", "This is not allowed")
    NOT_FOUND = (404, "not-found", "There is no such thing")
    METHOD = (405, "method-not-allowed", "This method is not allowed here")
    CONFLICT = (409, "conflict", "The task is not in a state for this")
    KEY_REUSED = (409, "idempotency-key-reused", "The idempotency key stands for another submission")
    EXISTS = (409, "exists", "There is one already")
    TOO_MANY = (409, "too-many", "There are as many as there may be")
    NO_RECEIVER = (409, "no-receiver", "Nobody is there to be told")
    NOT_EMPTY = (409, "not-empty", "The queue holds tasks")
    TOO_LARGE = (413, "too-large", "The request is too large")
    MEDIA = (415, "unsupported-media-type", "The body is of another type than is taken here")
    RANGE = (416, "range-not-satisfiable", "There is nothing in this range")
    INVALID = (422, "invalid-field", "A field is not valid")
    TOO_FAST = (429, "too-fast", "More is asked than may be")
    FULL = (429, "full", "No more can be taken now")
    INTERNAL = (500, "internal", "The gateway made a mistake")
    UNAVAILABLE = (503, "unavailable", "Something that is needed is away")

    def __init__(self, status: int, slug: str, title: str) -> None:
        self.status = status
        self.slug = slug
        self.title = title


class FieldError(Struct, frozen=True):
    """What is wrong with one field, and what to do about it."""

    field: str
    message: str
    hint: str


class ProblemDetails(Struct, frozen=True, kw_only=True):
    """The body of every error, ``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """A request that cannot be answered as asked.

    Attributes:
        kind: what sort of problem it is.
        detail: a sentence about this very case.
        errors: the fields concerned.
        retry_after_s: after how long it may go better, in seconds; None if it never does by itself.
    """

    def __init__(
        self, kind: Kind, detail: str, errors: Sequence[FieldError] = (), *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.retry_after_s = retry_after_s

    def details(self) -> ProblemDetails:
        """Return the body."""
        kind = self.kind
        return ProblemDetails(
            type=f"urn:xqueue:problem:{kind.slug}",
            title=kind.title,
            status=kind.status,
            detail=self.detail,
            errors=self.errors,
        )


def invalid(*errors: FieldError) -> Problem:
    """Return the problem of fields that break a rule."""
    return Problem(Kind.INVALID, "; ".join(f"{e.field or 'body'}: {e.message}" for e in errors), errors)


def bad_json(reason: str) -> Problem:
    """Return the problem of a body that is no JSON."""
    hint = "send one JSON text in UTF-8"
    return Problem(Kind.BAD_JSON, f"the body is not valid JSON: {reason}", [FieldError("body", reason, hint)])


def no_such_task(task_id: str) -> Problem:
    """Return the problem of an id that names no task of this tenant."""
    error = FieldError("task_id", "no task of yours has this id", "use the task_id that the submission answered")
    return Problem(Kind.NOT_FOUND, f"there is no task {task_id[:64]!r}", [error])


def too_large(field: str, size: int, limit: int, hint: str) -> Problem:
    """Return the problem of something larger than is taken; sizes in bytes."""
    message = f"has {size} bytes, {limit} are allowed"
    return Problem(Kind.TOO_LARGE, f"{field} {message}", [FieldError(field, message, hint)])


def conflict(detail: str, message: str, hint: str) -> Problem:
    """Return the problem of a task that stands otherwise than the request needs."""
    return Problem(Kind.CONFLICT, detail, [FieldError("task_id", message, hint)])


def unavailable(part: str, reason: str, *, hint: str = "try again", retry_after_s: int = 1) -> Problem:
    """Return the problem of a dependency that is away or behind."""
    error = FieldError(part, reason, hint)
    return Problem(Kind.UNAVAILABLE, f"{part}: {reason}", [error], retry_after_s=retry_after_s)


def no_memory() -> Problem:
    """Return the problem of a submission that Redis has no room for."""
    reason = "no memory is left for more tasks"
    return unavailable("redis", reason, hint="wait until tasks have ended, then try again", retry_after_s=5)


_RETRY_SAFELY = "try again with the same Idempotency-Key: it is the same task then, however often you ask"


def problem_of(error: XQueueError) -> Problem:
    """Return what a client is told about one of our own errors."""
    match error:
        case OutcomeUnknown():
            return unavailable(
                "kafka", "the broker did not answer, the outcome is unknown", hint=_RETRY_SAFELY, retry_after_s=2
            )
        case Unavailable(part="artifacts"):
            return unavailable("artifacts", "the store does not answer, or is full", retry_after_s=5)
        case Unavailable():
            return unavailable(error.part, "it does not answer", hint=_RETRY_SAFELY)
        case RecordTooLarge():
            return too_large("body", error.size, error.limit, "send less, or upload an artifact and pass its id")
        case _:
            return Problem(Kind.INTERNAL, "an unforeseen error; it is in the gateway's log")
