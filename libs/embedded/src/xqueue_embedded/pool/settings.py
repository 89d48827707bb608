"""What an operator may choose about the pool: its bounds on the command line, its thresholds by variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from xqueue_common.errors import ConfigError
from xqueue_common.settings import CommonSettings, load
from xqueue_embedded.errors import WrongSettings
from xqueue_embedded.pool.policy import Rules

_MOST = 64


class PoolSettings(CommonSettings, frozen=True, kw_only=True):
    """When the pool grows and shrinks.

    Attributes:
        pool_up: at this share of busy slots, or above, it grows.
        pool_down: at this share, or below, for an interval, it shrinks by one.
        pool_every_s: seconds between two changes.
    """

    pool_up: Annotated[float, Meta(gt=0, le=1)] = 0.8
    pool_down: Annotated[float, Meta(ge=0, lt=1)] = 0.3
    pool_every_s: Annotated[float, Meta(ge=0.1, le=86_400)] = 30.0


@dataclass(frozen=True)
class PoolSize:
    """Fewest and most workers."""

    least: int
    most: int

    def __str__(self) -> str:
        """As it is written on the command line."""
        return str(self.least) if self.least == self.most else f"{self.least}-{self.most}"


def read_settings(environ: Mapping[str, str]) -> PoolSettings:
    """Read them as the services read theirs.

    Raises:
        WrongSettings: Names the variable and the remedy.
    """
    try:
        settings = load(PoolSettings, environ)
    except ConfigError as error:
        raise WrongSettings(str(error)) from error
    if settings.pool_down >= settings.pool_up:
        down, up = f"XQ_POOL_DOWN ({settings.pool_down:g})", f"XQ_POOL_UP ({settings.pool_up:g})"
        message = f"{down} must be less than {up}: between them the pool stays as it is"
        raise WrongSettings(message)
    return settings


def rules_of(settings: PoolSettings, size: PoolSize) -> Rules:
    """Return them in the terms of the decision."""
    every_ms = round(settings.pool_every_s * 1000)
    return Rules(size.least, size.most, settings.pool_up, settings.pool_down, every_ms)


def read_size(_type: Any, tokens: Sequence[Any]) -> PoolSize:
    """Read ``2`` or ``1-4``, for the command line.

    Raises:
        ValueError: It is neither.
    """
    text = str(tokens[0].value)
    least, dash, most = text.partition("-")
    if not (least.isdecimal() and (most.isdecimal() if dash else True)):
        message = f"{text!r} is neither a number like 2 nor a range like 1-4."
        raise ValueError(message)
    size = PoolSize(int(least), int(most if dash else least))
    if not 1 <= size.least <= size.most <= _MOST:
        message = f"{text!r}: numbers go from 1 to {_MOST}, the smaller one first."
        raise ValueError(message)
    return size
