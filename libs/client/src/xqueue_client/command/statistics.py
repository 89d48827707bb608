"""`xqueue statistics`."""

from collections.abc import Sequence
from typing import cast, get_args

from xqueue_client.command.exits import Exit, Misused
from xqueue_client.command.options import COMMON, Common, Names
from xqueue_client.command.times import moment_of
from xqueue_client.command.words import moment
from xqueue_client.statistics import Group, Spread, TaskCounts

_GROUPS: tuple[Group, ...] = get_args(Group)
_COUNTS = ("submitted", "success", "failed", "canceled", "timeout")
_TIMES = ("WAIT P50", "WAIT P99", "RUN P50", "RUN P99")


def statistics(*, by: Names = (), since: str = "24h", until: str | None = None, common: Common = COMMON) -> int:
    """Count what became of tasks over a span of time, and how long they waited and ran, in seconds.

    Args:
        by: A row for each hour, queue, type or tenant; repeatable, or several with commas between; the first sorts.
        since: Not before this time: 24h for a day ago, or such as 2030-01-31T12:00:00Z.
        until: Before this time.
        common: What every command takes.
    """
    groups, begin, end = _groups(by), moment_of("--since", since), moment_of("--until", until)
    with common.connect() as client:
        found = client.statistics(group_by=groups, since=begin, until=end)
    heads = (*(group.upper() for group in groups), *map(str.upper, _COUNTS), *_TIMES)
    common.output.each(heads, found.items, lambda counts: _row(groups, counts))
    return Exit.OK


def _groups(texts: tuple[str, ...]) -> list[Group]:
    said = dict.fromkeys(name.strip() for text in texts for name in text.split(","))
    if wrong := [name for name in said if name not in _GROUPS]:
        message = f"--by: tasks cannot be grouped by {wrong[0]!r}: {', '.join(_GROUPS)}"
        raise Misused(message)
    return cast("list[Group]", list(said))


def _row(groups: Sequence[Group], counts: TaskCounts) -> tuple[str, ...]:
    return (
        *(_name(counts, group) for group in groups),
        *(str(getattr(counts, name)) for name in _COUNTS),
        *_spread(counts.wait),
        *_spread(counts.run),
    )


def _name(counts: TaskCounts, group: Group) -> str:
    return moment(counts.hour) if group == "hour" else getattr(counts, group) or "-"


def _spread(spread: Spread | None) -> tuple[str, str]:
    half, most = (None, None) if spread is None else (spread.p50, spread.p99)
    return ("-" if half is None else f"{half:.3f}", "-" if most is None else f"{most:.3f}")
