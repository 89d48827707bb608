"""How many files, so also connections, the system lets this process have."""

import resource

import structlog

log = structlog.get_logger(__name__)

_OURS = 500
"""Kept for everything but subscribers: Kafka, Redis, the history, uploads, requests."""


def allow_subscribers(wanted: int) -> int:
    """Have the system allow as many files as it ever would, and return for how many subscribers that is enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, wanted + _OURS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    allowed = max(1, hard - _OURS)
    if allowed < wanted:
        log.warning(
            "fewer subscribers than XQ_WS_MAX_CONNECTIONS will be taken: too few files (ulimit -n)",
            subscribers=allowed,
            wanted=wanted,
            files=hard,
        )
    return allowed
