"""What a tier allows: requests a minute, open tasks, submissions a day."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from xqueue_common.errors import ConfigError

_MINUTE_MS, _DAY_MS = 60_000, 86_400_000


class Rate(NamedTuple):
    """So much within a time; all of it at once after a rest."""

    most: int
    within_ms: int


class Tier(NamedTuple):
    """What a tier allows; None: as much as one likes.

    Attributes:
        name: of the tier.
        requests: of one key.
        open_tasks: of a tenant: such as have not ended.
        submissions: of a tenant.
    """

    name: str
    requests: Rate | None = None
    open_tasks: int | None = None
    submissions: Rate | None = None


class Tiers:
    """The tiers of an installation."""

    def __init__(self, *, requests: str, open_tasks: str, submissions: str) -> None:
        minute = _read("XQ_TIER_REQUESTS", requests)
        opened = _read("XQ_TIER_OPEN_TASKS", open_tasks)
        day = _read("XQ_TIER_SUBMISSIONS", submissions)
        self._tiers = {
            name: Tier(
                name,
                Rate(minute[name], _MINUTE_MS) if name in minute else None,
                opened.get(name),
                Rate(day[name], _DAY_MS) if name in day else None,
            )
            for name in {*minute, *opened, *day}
        }
        self.bounded = bool(opened or day)

    @property
    def names(self) -> list[str]:
        """The tiers that there are."""
        return sorted(self._tiers)

    def of(self, name: str | None) -> Tier:
        """Return a tier; one that nobody has set anything for allows everything."""
        return self._tiers.get(name or "") or Tier(name or "none")

    def widest(self, names: Iterable[str]) -> Tier:
        """Return what a tenant with keys of these tiers may have open, and submit: the most that any allows."""
        tiers = [self.of(name) for name in names]
        if not tiers:
            return Tier("none")
        opened = [tier.open_tasks for tier in tiers]
        days = [tier.submissions for tier in tiers]
        return Tier(
            "+".join(sorted(tier.name for tier in tiers)),
            None,
            None if None in opened else max(n for n in opened if n is not None),
            None if None in days else max(rate for rate in days if rate is not None),
        )


def _read(variable: str, text: str) -> Mapping[str, int]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    for name, _, number in pairs:
        if not name.strip() or not number.strip().isascii() or not number.strip().isdigit() or int(number) < 1:
            msg = f"{variable}: {name}={number} is no tier and number, give standard=100,premium=1000"
            raise ConfigError(msg)
    return {name.strip(): int(number) for name, _, number in pairs}
