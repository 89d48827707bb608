"""What can be wrong with a schedule's times, field by field, in words for whoever wrote them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from xqueue_common.schedule_times import known_zones, next_run
from xqueue_common.schedules import Schedule

_FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L for the last day, LW for the last weekday",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 (0 and 7 are Sunday), or SUN to SAT, 5L for the last Friday, 1#2 for the second Monday",
}
"""The fields of a cron text in their order, and what each takes."""

_EVERYTHING = ("*",) * 5
_CRON_HINT = 'five fields: minute, hour, day of month, month, day of week; like "30 2 * * MON-FRI"'


class Fault(NamedTuple):
    """What is wrong with a field of a schedule, and what to do about it."""

    field: str
    message: str
    hint: str


def check_schedule(schedule: Schedule) -> list[Fault]:
    """Return what is wrong with a schedule; nothing if it can be kept."""
    return [*_when(schedule), *_zone(schedule.zone)] or [*_never(schedule)]


def _when(schedule: Schedule) -> Iterator[Fault]:
    if schedule.cron is None and schedule.every_ms is None:
        yield Fault("cron", "neither cron nor every is given", "give exactly one of them")
    elif schedule.cron is not None and schedule.every_ms is not None:
        yield Fault("every", "cron is given as well", "give either cron or every")
    if schedule.cron is not None:
        yield from _cron(schedule.cron)


def _cron(text: str) -> Iterator[Fault]:
    if not text.isprintable():
        yield Fault("cron", "has control characters", _CRON_HINT)
        return
    parts = text.split()
    if len(parts) != len(_FIELDS):
        yield Fault("cron", f"has {len(parts)} fields", _CRON_HINT)
        return
    wrong = [place for place in range(len(parts)) if _error(_alone(parts, place)) is not None]
    for place in wrong:
        name = list(_FIELDS)[place]
        yield Fault("cron", f"its {name} field {parts[place][:64]!r} is out of range or unreadable", _takes(name))
    if not wrong and _error(parts) is not None:
        yield Fault("cron", "names a day that never comes", "name a day that these months have")


def _alone(parts: list[str], place: int) -> list[str]:
    return [part if at == place else _EVERYTHING[at] for at, part in enumerate(parts)]


def _error(parts: list[str]) -> str | None:
    try:
        CronSim(" ".join(parts), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return str(error)
    except (AssertionError, IndexError, ValueError) as error:  # what cronsim did not think of
        return str(error) or type(error).__name__
    return None


def _takes(name: str) -> str:
    return f"{name} takes {_FIELDS[name]}; also *, lists (1,2), ranges (1-5) and steps (*/5)"


def _zone(name: str) -> Iterator[Fault]:
    if name not in known_zones():
        close = get_close_matches(name, known_zones(), n=1)
        hint = f"did you mean {close[0]}?" if close else "a name like Europe/Berlin, America/New_York or UTC"
        yield Fault("timezone", "no such time zone", hint)


def _never(schedule: Schedule) -> Iterator[Fault]:
    if next_run(schedule, schedule.created_ms) is None:
        field = "cron" if schedule.cron is not None else "every"
        yield Fault(field, "never comes", "name a day that these months have")
