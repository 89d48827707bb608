"""Model servers, as all workers together see them: a pure function of what each tells."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from xqueue_common.fleet import BackendInfo

_WORST_FIRST = ("down", "open", "probing", "up")


class BackendState(Struct, frozen=True, kw_only=True):
    """A model server.

    Attributes:
        pool: the pool that it belongs to.
        url: its address, without credentials.
        state: the worst that a worker says: down (its health checks fail), open (its breaker is), probing (one call
            shows whether it is well again), up.
        in_flight: calls under way.
        calls: calls ended since its workers started.
        failures: those of them that have failed.
        latency_s: of recent calls, typically; null before the first.
        error: what went wrong last, where it is not up.
        workers: the state by worker.
    """

    pool: str
    url: str
    state: str
    in_flight: int
    calls: int
    failures: int
    latency_s: float | None
    error: str | None
    workers: dict[str, str]


class Seen(NamedTuple):
    """A server, as the worker of this instance sees it."""

    instance: str
    info: BackendInfo


def merged(seen: Iterable[Seen]) -> list[BackendState]:
    """Return each server once, by pool and address."""
    by_server: dict[tuple[str, str], list[Seen]] = {}
    for one in seen:
        by_server.setdefault((one.info.pool, one.info.url), []).append(one)
    return [_merged(pool, url, by_server[pool, url]) for pool, url in sorted(by_server)]


def _merged(pool: str, url: str, seen: Sequence[Seen]) -> BackendState:
    infos = sorted((one.info for one in seen), key=lambda info: _WORST_FIRST.index(info.state))
    return BackendState(
        pool=pool,
        url=url,
        state=infos[0].state,
        in_flight=sum(info.in_flight for info in infos),
        calls=sum(info.calls for info in infos),
        failures=sum(info.failures for info in infos),
        latency_s=_latency_s(infos),
        error=next((info.error for info in infos if info.error), None),
        workers={one.instance: one.info.state for one in sorted(seen, key=lambda one: one.instance)},
    )


def _latency_s(infos: Sequence[BackendInfo]) -> float | None:
    """Return the mean over the workers, by how many calls each has made."""
    known = [(info.latency_s, max(1, info.calls)) for info in infos if info.latency_s is not None]
    return sum(latency * calls for latency, calls in known) / sum(calls for _, calls in known) if known else None
