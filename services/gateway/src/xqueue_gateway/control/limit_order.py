"""Limits as clients write and read them, and the names under which they are stored."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from xqueue_common.limits import Limit, MaxSize, Rate, key_setting, tenant_setting, type_setting
from xqueue_common.names import ConcurrencyKey, MaxConcurrency, TaskType, TenantName, Weight
from xqueue_common.scopes import key_scope, tenant_scope, type_scope
from xqueue_gateway.control.queue_order import RATE_HINT, RateOrder, rate_of
from xqueue_gateway.control.reading import check_shape
from xqueue_gateway.problems import FieldError, invalid
from xqueue_gateway.submissions.submission import HINTS

LimitKind = Literal["key", "type", "tenant"]


class LimitOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What to pin, over what submissions say; what is left out or null is not pinned."""

    max_concurrency: MaxConcurrency | None = None
    rate: RateOrder | None = None
    weight: Weight | None = None
    max_size: MaxSize | None = None
    paused: bool = False


class LimitAnswer(Struct, frozen=True, kw_only=True):
    """What is pinned; how many tasks run and wait under it, ``waiting`` null where that is not counted."""

    kind: LimitKind
    name: str
    tenant: str | None
    max_concurrency: int | None
    rate: Rate | None
    weight: float | None
    max_size: int | None
    paused: bool
    running: int
    waiting: int | None


class LimitList(Struct, frozen=True):
    """All limits that are pinned."""

    items: list[LimitAnswer]


class Subject(NamedTuple):
    """What a limit is pinned for; the tenant is the owner of a key, else None."""

    kind: LimitKind
    name: str
    tenant: str | None = None

    @property
    def setting(self) -> str:
        """The name under which it is stored."""
        if self.kind == "key":
            return key_setting(self.tenant or "", self.name)
        return type_setting(self.name) if self.kind == "type" else tenant_setting(self.name)

    @property
    def scope(self) -> str | None:
        """The scope in which cells count what waits; None: they do not."""
        if self.kind == "key":
            return key_scope(self.tenant or "", self.name)
        return tenant_scope(self.name) if self.kind == "tenant" else None

    @property
    def slots(self) -> str:
        """The scope in which attempts hold their slots."""
        return self.scope or type_scope(self.name)


class Use(NamedTuple):
    """How many tasks run and wait under a limit; ``waiting`` None: that is not counted."""

    running: int = 0
    waiting: int | None = None


_SHAPES = {"key": ConcurrencyKey, "type": TaskType, "tenant": TenantName}
_NAME_HINTS = {"key": HINTS["concurrency_key"], "type": HINTS["type"], "tenant": HINTS["queue"]}


def subject_of(kind: str, name: str, tenant: str) -> Subject:
    """Return what a caller of this tenant means.

    Raises:
        Problem: 422 no such kind, or not a name that it can have.
    """
    try:
        known = msgspec.convert(kind, LimitKind)
    except msgspec.ValidationError as error:
        raise invalid(FieldError("kind", "no such kind of limit", "use key, type or tenant")) from error
    check_shape("name", name, _SHAPES[known], _NAME_HINTS[known])
    return Subject(known, name, tenant if known == "key" else None)


def subject_named(setting: str) -> Subject | None:
    """Return what a stored limit is pinned for; None for a kind that we do not know."""
    _, kind, rest = setting.split("/", 2)
    if kind == "key":
        tenant, _, key = rest.partition("/")
        return Subject("key", key, tenant)
    if kind == "type":
        return Subject("type", rest)
    return Subject("tenant", rest) if kind == "tenant" else None


def limit_of(subject: Subject, order: LimitOrder) -> Limit:
    """Return what is stored.

    Raises:
        Problem: 422 it has no meaning for such a subject, or says nothing.
    """
    if errors := list(_faults(subject, order)):
        raise invalid(*errors)
    return Limit(order.max_concurrency, rate_of(order.rate), order.weight, order.max_size, order.paused)


def _faults(subject: Subject, order: LimitOrder) -> Iterator[FieldError]:
    if order == LimitOrder():
        hint = f"give at least one of {', '.join(LimitOrder.__struct_fields__)}; DELETE takes a limit away"
        yield FieldError("body", "pins nothing", hint)
    if subject.kind == "type" and order.max_size is not None:
        yield FieldError("max_size", "not for types", "bound a queue, a tenant or a key")


def show_limit(subject: Subject, limit: Limit, use: Use) -> LimitAnswer:
    """Return the answer for a limit."""
    return LimitAnswer(
        kind=subject.kind,
        name=subject.name,
        tenant=subject.tenant,
        max_concurrency=limit.max_concurrency,
        rate=limit.rate,
        weight=limit.weight,
        max_size=limit.max_size,
        paused=limit.paused,
        running=use.running,
        waiting=use.waiting,
    )


LIMIT_HINTS = {
    "max_concurrency": "a whole number from 1 to 1000000",
    "rate": RATE_HINT,
    "weight": HINTS["weight"],
    "max_size": "a whole number from 1 to 100000000",
    "paused": "true lets nothing more of it begin",
    "kind": "the path says it",
    "name": "the path says it",
    "tenant": "keys are those of the tenant that asks",
    "running": "it is only told, by GET",
    "waiting": "it is only told, by GET",
}
"""What each field takes, in words for whoever got it wrong."""
