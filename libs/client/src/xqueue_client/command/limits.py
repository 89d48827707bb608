"""`xqueue limits …`."""

from cyclopts import App

from xqueue_client.command.control_flags import LimitFlags
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.settings import Limit, LimitKind

limits = App(name="limits", help="See and pin limits of concurrency keys, types and tenants.")

_HEADS = ("KIND", "NAME", "LIMIT", "PER SECOND", "BURST", "WEIGHT", "SIZE", "RUNNING", "WAITING", "STATE")
_NO_FLAGS = LimitFlags()


@limits.command(name="list")
def list_limits(*, common: Common = COMMON) -> int:
    """List limits.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        found = client.limits.list()
    common.output.each(_HEADS, found, _row)
    return Exit.OK


@limits.command(name="set")
def set_limit(kind: LimitKind, name: str, /, *, flags: LimitFlags = _NO_FLAGS, common: Common = COMMON) -> int:
    """Pin a limit, over what submissions say; it replaces the one before and acts on what waits already.

    Args:
        kind: What has the limit.
        name: Its name.
        flags: What can be pinned.
        common: What every command takes.
    """
    options = flags.options()
    with common.connect() as client:
        pinned = client.limits.set(kind, name, **options)
    common.output.each(_HEADS, [pinned], _row)
    return Exit.OK


@limits.command
def clear(kind: LimitKind, name: str, /, *, common: Common = COMMON) -> int:
    """Take a limit away.

    Args:
        kind: What has the limit.
        name: Its name.
        common: What every command takes.
    """
    with common.connect() as client:
        client.limits.clear(kind, name)
    return Exit.OK


def _row(limit: Limit) -> tuple[str, ...]:
    rate, burst = ("-", "-") if limit.rate is None else (f"{limit.rate.per_second:g}", str(limit.rate.burst))
    weight = "-" if limit.weight is None else f"{limit.weight:g}"
    waiting = "-" if limit.waiting is None else str(limit.waiting)
    most, size = (str(bound or "-") for bound in (limit.max_concurrency, limit.max_size))
    state = "paused" if limit.paused else "runs"
    return (limit.kind, limit.name, most, rate, burst, weight, size, str(limit.running), waiting, state)
