"""What can go wrong for a client.

XQueueClientError
├── BadAddress           the gateway's URL is none
├── BadHeader            a tenant, an API key or an idempotency key cannot be sent
├── Unreachable          nobody answered in time; temporary
├── NotAGateway          what answered is something else
├── Refused              the gateway said no: `status`, `title`, `detail`, `fields`
│   ├── InvalidRequest   400, 413, 415, 422: `fields` name what is wrong and how to put it right
│   ├── NotAllowed       401, 403
│   │   ├── NotAuthenticated  401: nobody knows who asks; `XQ_API_KEY` says it
│   │   └── NotPermitted      403: it is known who asks, and they may not
│   ├── NotFound         404
│   ├── Conflict         409: the task has ended, or the idempotency key stands for another submission
│   ├── TooManyRequests  429; temporary, `retry_after` seconds
│   └── Unavailable      502, 503, 504; temporary; whether a submission was taken may be unknown
├── BadSecret            a webhook's secret is none
├── BadWebhook           a request is no webhook of ours, or not of now: `reason`
├── NotFinished          a task did not end in the time that was given; carries its `snapshot`
└── TaskFailed           a task ended otherwise than by success; carries its `snapshot`

What is temporary has been tried again already, as long as the client's `retry_for` says.
"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from xqueue_client.snapshot import Snapshot


class XQueueClientError(Exception):
    """The root of what this package raises: its text is for people."""

    temporary: ClassVar[bool] = False


class BadAddress(XQueueClientError):
    """The gateway's URL cannot be used."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url!r} is no address of a gateway: give one like http://127.0.0.1:8080")
        self.url = url


class BadHeader(XQueueClientError):
    """What would have to stand in a header cannot: `name` says what it is."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: empty, or other than printable ASCII characters")
        self.name = name


class Unreachable(XQueueClientError):
    """Nobody answered, or not in time: whether a request arrived is unknown."""

    temporary = True

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no gateway answers at {url}: {reason}")
        self.url = url
        self.reason = reason


class NotAGateway(XQueueClientError):
    """Something answered that does not speak our API."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"what answers at {url} is no gateway of XQueue: {reason}")
        self.url = url
        self.reason = reason


class FieldFault(Struct, frozen=True):
    """What is wrong with one field, and what to do about it."""

    field: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Refused(XQueueClientError):
    """The gateway said no.

    Attributes:
        status: of HTTP.
        title: what sort of problem it is.
        detail: a sentence about this case.
        fields: the fields concerned.
        retry_after: after how many seconds it may go better, if the gateway said so.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        fields: Sequence[FieldFault] = (),
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.fields = tuple(fields)
        self.retry_after = retry_after
        super().__init__(self._text())

    @property
    def in_short(self) -> str:
        """What was refused, and what to do about it, in a sentence."""
        what = self.detail or self.title or f"status {self.status}"
        return f"{what} ({self.remedy})" if self.remedy else what

    @property
    def remedy(self) -> str:
        """What to do about it, as far as that is known."""
        later = "" if self.retry_after is None else f"try again in {self.retry_after:g} s"
        return next((field.hint for field in self.fields if field.hint), later)

    def _text(self) -> str:
        return "; ".join(map(str, self.fields)) or self.in_short


class InvalidRequest(Refused):
    """A field, or the whole request, cannot be accepted."""


class NotAllowed(Refused):
    """Nobody knows who asks, or they may not."""

    def _text(self) -> str:
        return self.in_short


class NotAuthenticated(NotAllowed):
    """There is no API key, or one that is unknown, expired or revoked."""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return "set XQ_API_KEY to a valid API key, which an operator makes: xqueue keys create"


class NotPermitted(NotAllowed):
    """The API key does not allow it."""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        ours = "set XQ_API_KEY to an API key that may do this"
        return f"{hint}, or {ours}" if (hint := super().remedy) else ours


class NotFound(Refused):
    """There is no such thing, or it is somebody else's."""


class Conflict(Refused):
    """It is not in a state for this."""


class TooManyRequests(Refused):
    """Too much was asked for; later there will be room again."""

    temporary = True


class Unavailable(Refused):
    """Something that the gateway needs is away."""

    temporary = True


class BadSecret(XQueueClientError):
    """What webhooks are to be verified with is no secret."""

    def __init__(self) -> None:
        super().__init__("the secret of a webhook is a text, or `whsec_` and base64: take it as it was told")


class BadWebhook(XQueueClientError):
    """A request must not be believed; answer 400."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a webhook to believe: {reason}")
        self.reason = reason


class NotFinished(XQueueClientError):
    """A task has not ended in the time that was given."""

    def __init__(self, snapshot: Snapshot, waited: float) -> None:
        super().__init__(f"task {snapshot.task_id} is {snapshot.status} after {waited:.1f} s")
        self.snapshot = snapshot


class TaskFailed(XQueueClientError):
    """A task ended as `failed`, `canceled` or `timeout`."""

    def __init__(self, snapshot: Snapshot) -> None:
        why = f": {snapshot.error.kind}: {snapshot.error.message}" if snapshot.error else ""
        super().__init__(f"task {snapshot.task_id} ended as {snapshot.status}{why}")
        self.snapshot = snapshot
