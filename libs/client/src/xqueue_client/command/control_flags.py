"""What can be said about queues and limits on the command line."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from xqueue_client.command.exits import Misused
from xqueue_client.settings import LimitOptions, QueueOptions, Rate
from xqueue_client.submission import RetryPolicy

Whole = int | Literal["none"] | None
Number = float | Literal["none"] | None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class QueueFlags:
    """What can be set for a queue; `none` clears it.

    Attributes:
        workers: Slots over all workers that are its share.
        max_concurrency: How many of its tasks may run at once.
        max_size: How many may wait; submissions beyond it are refused.
        default_priority: Of tasks that do not say; likewise the other defaults.
        default_max_retry: How many failed attempts are tried again.
        default_retry: How long to wait between them, as JSON like {"backoff": "fixed", "base": 1}.
        default_queue_timeout: Seconds that a task may wait for a slot.
        no_queue_timeout: Tasks may wait for ever.
        default_process_timeout: Seconds that an attempt may run.
        rate: Attempts that may begin a second.
        burst: With --rate: so many at once after a rest.
        aging: Seconds of waiting that count as one priority more.
    """

    workers: Whole = None
    max_concurrency: Whole = None
    max_size: Whole = None
    default_priority: Whole = None
    default_max_retry: Whole = None
    default_retry: str | None = None
    default_queue_timeout: Number = None
    no_queue_timeout: Annotated[bool, Parameter(negative="")] = False
    default_process_timeout: Number = None
    rate: Number = None
    burst: int | None = None
    aging: Number = None

    def options(self) -> QueueOptions:
        """Return what was given, as the SDK takes it.

        Raises:
            Misused: something makes no sense.
        """
        plain = ("workers", "max_concurrency", "max_size", "default_priority", "default_max_retry")
        times = ("default_queue_timeout", "default_process_timeout", "aging")
        said: Any = {
            **_given({name: getattr(self, name) for name in (*plain, *times)}),
            **_given({"default_retry": _retry(self.default_retry), "rate": rate_of(self.rate, self.burst)}),
            **({"no_queue_timeout": True} if self.no_queue_timeout else {}),
        }
        options: QueueOptions = said
        return options


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LimitFlags:
    """What can be pinned.

    Attributes:
        max_concurrency: How many of its tasks may run at once.
        rate: Attempts that may begin a second.
        burst: With --rate: so many at once after a rest.
        weight: Its share, 0.001 to 1000.
        max_size: How many may wait; submissions beyond it are refused.
        paused: Nothing of it begins.
    """

    max_concurrency: int | None = None
    rate: float | None = None
    burst: int | None = None
    weight: float | None = None
    max_size: int | None = None
    paused: Annotated[bool, Parameter(negative="")] = False

    def options(self) -> LimitOptions:
        """Return what was given, as the SDK takes it.

        Raises:
            Misused: nothing was given, or something makes no sense.
        """
        said: Any = {
            **_given({name: getattr(self, name) for name in ("max_concurrency", "weight", "max_size")}),
            **_given({"rate": rate_of(self.rate, self.burst)}),
            **({"paused": True} if self.paused else {}),
        }
        if not said:
            message = "say what to pin: see --help"
            raise Misused(message)
        options: LimitOptions = said
        return options


def rate_of(per_second: Number, burst: int | None) -> Rate | Literal["none"] | None:
    """Return a rate as it was given.

    Raises:
        Misused: a burst without a rate.
    """
    if per_second is None or per_second == "none":
        if burst is not None:
            message = "--burst: say --rate too"
            raise Misused(message)
        return per_second
    return Rate(per_second, burst or 1)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    given = ((name, value) for name, value in values.items() if value is not None)
    return {name: None if value == "none" else value for name, value in given}


def _retry(text: str | None) -> RetryPolicy | str | None:
    if text in (None, "none"):
        return text
    try:
        return msgspec.json.decode(text, type=RetryPolicy)
    except msgspec.MsgspecError as error:
        message = f"--default-retry: {error}"
        raise Misused(message) from error
