"""A queue as clients are shown it: its settings in the words of the API, and how it stands."""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from xqueue_common.limits import QueueSettings, Rate
from xqueue_common.task import Backoff
from xqueue_gateway.submissions.spec import Defaults

DEFAULT_QUEUE = "default"
"""The queue of submissions that name none: it is there before anybody has made it."""

_settings = msgspec.json.Decoder(QueueSettings)


class RetryView(Struct, frozen=True):
    """How long a failed task waits before it is tried again; seconds."""

    backoff: str
    base: float
    max: float
    jitter: float


class QueueStatus(Struct, frozen=True, kw_only=True):
    """How a queue stands: tasks by state, the age of its oldest waiting task in seconds, ends per second."""

    waiting: int
    scheduled: int
    processing: int
    oldest_age: float | None
    throughput: float
    paused: bool


class QueueAnswer(Struct, frozen=True, kw_only=True):
    """A queue. A setting that is null is not set: no limit, or the default of the installation."""

    name: str
    workers: int | None
    max_concurrency: int | None
    max_size: int | None
    default_priority: int | None
    default_max_retry: int | None
    default_retry: RetryView | None
    default_queue_timeout: float | None
    no_queue_timeout: bool
    default_process_timeout: float | None
    rate: Rate | None
    aging: float | None
    paused: bool
    status: QueueStatus


class QueueList(Struct, frozen=True):
    """All queues, by name."""

    items: list[QueueAnswer]


class Load(NamedTuple):
    """How many tasks of a queue are in which state."""

    pending: int = 0
    scheduled: int = 0
    processing: int = 0

    @property
    def waiting(self) -> int:
        """Those that have not begun."""
        return self.pending + self.scheduled

    @property
    def total(self) -> int:
        """All that are open."""
        return self.waiting + self.processing


class Standing(NamedTuple):
    """A queue as it stands; ages in seconds."""

    name: str
    settings: QueueSettings
    load: Load
    oldest_age: float | None = None
    throughput: float = 0.0


def settings_in(value: bytes | None) -> QueueSettings | None:
    """Return the settings that a cell holds, if it does."""
    return _settings.decode(value) if value else None


def show_queue(standing: Standing) -> QueueAnswer:
    """Return the answer for a queue."""
    settings = standing.settings
    return QueueAnswer(
        name=standing.name,
        workers=settings.workers,
        max_concurrency=settings.max_concurrency,
        max_size=settings.max_size,
        default_priority=settings.priority,
        default_max_retry=settings.max_retry,
        default_retry=_retry(settings.backoff),
        default_queue_timeout=_seconds(settings.queue_timeout_ms),
        no_queue_timeout=settings.no_queue_timeout,
        default_process_timeout=_seconds(settings.process_timeout_ms),
        rate=settings.rate,
        aging=_seconds(settings.aging_ms),
        paused=settings.paused,
        status=_status(standing),
    )


def _status(standing: Standing) -> QueueStatus:
    load = standing.load
    return QueueStatus(
        waiting=load.pending,
        scheduled=load.scheduled,
        processing=load.processing,
        oldest_age=standing.oldest_age if load.waiting else None,
        throughput=standing.throughput,
        paused=standing.settings.paused,
    )


def defaults_of(settings: QueueSettings) -> Defaults:
    """Return what submissions to a queue get that do not say."""
    ours, timeout = Defaults(), _seconds(settings.queue_timeout_ms)
    return Defaults(
        priority=ours.priority if settings.priority is None else settings.priority,
        max_retry=ours.max_retry if settings.max_retry is None else settings.max_retry,
        queue_timeout=None if settings.no_queue_timeout else timeout or ours.queue_timeout,
        process_timeout=_seconds(settings.process_timeout_ms) or ours.process_timeout,
        backoff=settings.backoff,
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _retry(backoff: Backoff | None) -> RetryView | None:
    if backoff is None:
        return None
    return RetryView(backoff.kind, backoff.base_ms / 1000, backoff.max_ms / 1000, backoff.jitter)
