"""When schedules run: pure functions of a schedule and a moment, the same in every service.

A schedule has undisturbed times, from its cron text or interval. Each run comes after its undisturbed time, by a
share of the jitter that only schedule and time decide, and always before the next undisturbed time: so runs keep
their order, and the time of one run is all that must be known to find the next.

Cron texts are read as Debian's cron does. A fixed time that the clock skips in spring comes right after the gap;
one that the clock passes twice in autumn comes the first time only. Texts whose minute or hour begins with a star
follow the clock on the wall through both.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from xqueue_common.schedules import Schedule

Undisturbed = Callable[[int], int | None]
"""From a moment to the first undisturbed time after it; None: there is none. In ms."""

_FIRST_SPAN_MS = 60_000
_OF_THIS_MACHINE = frozenset({"localtime", "Factory"})


def next_run(schedule: Schedule, after_ms: int) -> int | None:
    """Return when a schedule runs next after a moment, jitter counted in; None: never again."""
    undisturbed = _undisturbed(schedule)
    begun = _begun(undisturbed, after_ms, schedule.jitter_ms)
    if begun is not None and (late_ms := _jittered(schedule, undisturbed, begun)) > after_ms:
        return late_ms
    base_ms = undisturbed(after_ms)
    return None if base_ms is None else _jittered(schedule, undisturbed, base_ms)


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones() - _OF_THIS_MACHINE)


def _undisturbed(schedule: Schedule) -> Undisturbed:
    if schedule.every_ms is not None:
        return _interval(schedule.created_ms, schedule.every_ms)
    return _cron(schedule.cron or "", _zone(schedule.zone))


def _interval(created_ms: int, every_ms: int) -> Undisturbed:
    return lambda after_ms: created_ms + max(1, (after_ms - created_ms) // every_ms + 1) * every_ms


def _cron(text: str, zone: tzinfo | None) -> Undisturbed:
    def following(after_ms: int) -> int | None:
        if zone is None:
            return None
        try:
            # On the second pass of an hour in autumn cronsim also names times of the first: those are over.
            return next((at for at in _times(text, zone, after_ms) if at > after_ms), None)
        except CronSimError:  # no cron text, or a day that never comes
            return None

    return following


def _times(text: str, zone: tzinfo, after_ms: int) -> "map[int]":
    return map(_ms_of, CronSim(text, datetime.fromtimestamp(after_ms // 1000, zone)))


def _ms_of(at: datetime) -> int:
    return round(at.timestamp()) * 1000


@lru_cache(1024)
def _zone(name: str) -> tzinfo | None:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _begun(undisturbed: Undisturbed, after_ms: int, jitter_ms: int) -> int | None:
    """Return the last undisturbed time up to a moment, if it is no longer ago than the jitter."""
    span_ms = min(_FIRST_SPAN_MS, jitter_ms)
    while span_ms:
        found = undisturbed(after_ms - span_ms)
        if found is not None and found <= after_ms:
            return _last(undisturbed, found, after_ms)
        if span_ms == jitter_ms:
            break
        span_ms = min(2 * span_ms, jitter_ms)
    return None


def _last(undisturbed: Undisturbed, found: int, until_ms: int) -> int:
    while (later := undisturbed(found)) is not None and later <= until_ms:
        found = later
    return found


def _jittered(schedule: Schedule, undisturbed: Undisturbed, base_ms: int) -> int:
    if not schedule.jitter_ms:
        return base_ms
    following, most_ms = undisturbed(base_ms), schedule.jitter_ms
    if following is not None:
        most_ms = min(most_ms, following - base_ms - 1)
    return base_ms + _share(f"{schedule.tenant}/{schedule.schedule_id}/{base_ms}", most_ms)


def _share(name: str, most_ms: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % (most_ms + 1)
