"""How many files, so also connections, the system lets this process have."""

import resource
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

_OURS = 500
"""Kept for everything but subscribers: Kafka, Redis, the history, uploads, requests."""


def allow_subscribers(wanted: int) -> int:
    """Have the system allow as many files as it ever would, and return for how many subscribers that is enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(soft, wanted + _OURS) if hard == resource.RLIM_INFINITY else hard
    with suppress(ValueError, OSError):  # some systems have a bound below the one that they tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = max(1, files - _OURS)
    if allowed < wanted:
        log.warning(
            "fewer subscribers than XQ_WS_MAX_CONNECTIONS will be taken: too few files (ulimit -n)",
            subscribers=allowed,
            wanted=wanted,
            files=files,
        )
    return allowed
