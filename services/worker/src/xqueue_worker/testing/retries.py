"""What follows an attempt, as the scheduler decides it (``lua/retry.lua``): pure."""

from xqueue_common.events import Finished
from xqueue_common.task import Backoff


def is_retried(report: Finished, failures: int, max_retry: int) -> bool:
    """Return whether another attempt follows, ``failures`` having gone before this one."""
    return report.error is not None and report.error.retryable and failures < max_retry


def delay_ms(report: Finished, backoff: Backoff, failures: int, chance: float) -> int:
    """Return how long a retry waits after its ``failures``-th failure; ``chance`` from 0 to 1."""
    if report.retry_after_ms is not None:
        return report.retry_after_ms
    doubled = backoff.base_ms * 2 ** (failures - 1) if backoff.kind == "exponential" else backoff.base_ms
    return int(min(doubled, backoff.max_ms) * (1 + backoff.jitter * (2 * chance - 1)))
