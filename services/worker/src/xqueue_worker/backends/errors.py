"""What a handler sees when its backends cannot do what it asked; all of them end the attempt as they are.

::

    Retry
    └── BackendUnavailable       no server of the pool can take the call, or all that could have failed: retried
    Fail
    ├── BackendRefused           a server has refused the request itself: another one would too
    └── BackendOutcomeUnknown    a call that must not be repeated was sent, and no answer came
"""

from typing import ClassVar

from xqueue_worker.errors import Fail, Retry


class BackendUnavailable(Retry):
    """No server of a pool can take the call, or every one that could was tried and has failed."""

    kind: ClassVar[str] = "backend_unavailable"


class BackendRefused(Fail):
    """A server has answered that the request itself is wrong.

    Attributes:
        status: of the answer.
    """

    kind: ClassVar[str] = "backend_refused"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class BackendOutcomeUnknown(Fail):
    """A call that is not idempotent was sent, and failed: it may have been done."""

    kind: ClassVar[str] = "backend_outcome_unknown"
