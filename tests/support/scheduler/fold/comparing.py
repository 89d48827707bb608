"""The cell in Redis beside the model: everything that can be seen of both must be equal, to the last us."""

from typing import Any

import msgspec
from support.scheduler.fold import views
from support.scheduler.fold.limits import weight_of_groups, weight_of_tenants
from support.scheduler.fold.reading import Picture
from support.scheduler.fold.share import Share
from support.scheduler.fold.state import Fold

from xqueue_common.codec import Reader
from xqueue_common.events import Kept
from xqueue_common.lifecycle import TERMINAL
from xqueue_scheduler.store.rows import limit_fields

_kept = Reader[Kept](Kept)
_unpack = msgspec.msgpack.decode


class Unlike(AssertionError):
    """The cell and the model differ."""


def compare(picture: Picture, fold: Fold) -> None:
    """Compare all of it; the first difference is raised.

    Raises:
        Unlike: says what differs.
    """
    _equal("tasks", _tasks(picture), views.standings(fold))
    _equal("holders", picture.named("s:"), views.holders(fold))
    _equal("settings", _settings(picture), {name: tuple(it) for name, it in fold.settings.items()})
    _equal("limits", _limits(picture), _limits_of(fold))
    _equal("purges", set(picture.hash("purges")), {name for name in fold.settings if name.startswith("purge/")})
    _equal("tats", {scope: int(float(tat)) for scope, tat in picture.hash("rates").items()}, fold.tats)
    _equal("refills", picture.zset("refills"), views.refills(fold))
    _equal("estimates", _estimates(picture), {name: list(it) for name, it in fold.estimates.items()})
    _equal("passed", {level: int(since) for level, since in picture.hash("passed").items()}, fold.passed)
    _equal("holders of models", picture.named("l:"), views.holders_of_models(fold))
    _equal("totals", _totals(picture), dict(views.totals(fold)))
    _equal("places", (picture.number("seq"), picture.number("front")), (fold.seq, fold.front))
    _groups(picture, fold)
    _tenants(picture, fold)
    _clocks(picture, fold.tenants)
    _indexes(picture, views.levels(fold))


def _equal(what: str, found: Any, wanted: Any) -> None:
    if found == wanted:
        return
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]
        found, wanted = ({name: side.get(name) for name in sorted(names)} for side in (found, wanted))
    message = f"{what}: the cell has {found}, the model {wanted}"
    raise Unlike(message)


# ---- tasks and settings ----


def _tasks(picture: Picture) -> dict[str, views.Standing]:
    return {task_id: _standing(row.state) for task_id, row in picture.tasks.items()}


def _standing(state: Any) -> views.Standing:
    runs = state.held is not None
    return views.Standing(
        str(state.status),
        state.attempt,
        state.failures,
        state.cancel,
        state.version,
        state.priority,
        state.order,
        state.worker if runs else None,
        frozenset(state.held.split("\n")) if runs else frozenset(),
        state.charge_us if runs else None,
    )


def _settings(picture: Picture) -> dict[str, tuple[int, Kept]]:
    found = {}
    for settings in picture.named("c:").values():
        for name, value in settings.items():
            version, _, json = value.split(b"\n", 2)
            found[name] = (int(version), _kept(json))
    return found


def _limits(picture: Picture) -> dict[str, list[Any]]:
    return {scope: _unpack(fields) for scope, fields in picture.hash("limits").items()}


def _limits_of(fold: Fold) -> dict[str, list[Any]]:
    kinds = {"queue/": "q/", "limit/tenant/": "n/", "limit/type/": "t/", "limit/key/": "k/"}
    return {
        kind + name.removeprefix(prefix): fields
        for name, stored in fold.settings.items()
        for prefix, kind in kinds.items()
        if name.startswith(prefix) and (fields := limit_fields(stored.value))
    }


def _estimates(picture: Picture) -> dict[str, list[float]]:
    return {name: _unpack(value) for name, value in picture.hash("estimates").items()}


def _totals(picture: Picture) -> dict[str, int]:
    found = {name: int(count) for name, count in picture.hash("totals").items() if int(count)}
    return {"submitted": 0} | found


# ---- shares ----


def _groups(picture: Picture, fold: Fold) -> None:
    """Tag and what is owed, limit and weight, and the lifts, of each group with open tasks."""
    found = {name: _unpack(value) for name, value in picture.named("g:").items()}
    _equal("groups", found.keys(), fold.live())
    for name, (tag, owed, limit, weight, _scheduled, _waiting, *lifts) in found.items():
        share, wish = fold.groups.get(name.partition("/")[0], Share()), fold.wishes[name]
        flow = share.flow(name)
        lifted = {level: at[name] for level, at in share.lifts.items() if name in at}
        wanted = (flow.s, flow.owed, wish.limit, wish.weight, lifted)
        said = {level: lift for level, lift in _chunks(lifts, 2) if lift is not False}
        _equal(f"group {name}", (tag, owed, limit or None, weight or None, said), wanted)


def _tenants(picture: Picture, fold: Fold) -> None:
    """Likewise of each tenant that is not forgotten, and the clocks of its groups."""
    found = {name: _unpack(value) for name, value in picture.named("n:").items()}
    _equal("tenants", found.keys(), {group.partition("/")[0] for group in fold.live()} | fold.tenants.flows.keys())
    _equal("W of the tenants", picture.number("vw"), weight_of_tenants(fold))
    for name, (tag, owed, furthest, total, _count, _waiting, *levels) in found.items():
        _equal(f"W of the groups of {name}", total, weight_of_groups(fold, name))
        flow, share = fold.tenants.flow(name), fold.groups.get(name, Share())
        lifted = {level: at[name] for level, at in fold.tenants.lifts.items() if name in at}
        said = {level: lift for level, _, lift, _, _ in _chunks(levels, 5) if lift is not False}
        _equal(f"tenant {name}", (tag, owed, said), (flow.s, flow.owed, lifted))
        clocks = {level: now for level, _, _, now, ready in _chunks(levels, 5) if ready or now}
        wanted = {level: now for level, now in share.clocks.items() if level in share.lifts or now}
        _equal(f"clocks of the groups of {name}", (clocks, furthest), (wanted, share.furthest))


def _clocks(picture: Picture, share: Share) -> None:
    going = {level: now for level, now in share.clocks.items() if level in share.lifts}
    resting = {level: now for level, now in share.clocks.items() if level not in share.lifts}
    _equal("clocks that go", picture.zset("clocks"), going)
    _equal("clocks that rest", {level: float(now) for level, now in picture.hash("rests").items()}, resting)
    _equal("the furthest clock", picture.number("vt"), share.furthest)


def _chunks(flat: list[Any], size: int) -> list[tuple[Any, ...]]:
    return list(zip(*[iter(flat)] * size, strict=True))


# ---- indexes ----


def _indexes(picture: Picture, wanted: dict[str, views.Level]) -> None:
    tenants = {f"r:{level}": at.tenants for level, at in wanted.items() if at.tenants}
    groups: dict[str, dict[str, float]] = {}
    for level, at in wanted.items():
        for group, stand in at.groups.items():
            groups.setdefault(f"u:{level}:{group.partition('/')[0]}", {})[group] = stand
    known = {name: value for name, value in picture.keys.items() if name[:2] in ("r:", "u:")}
    _equal("indexes", known.keys(), (tenants | groups).keys())
    for name, stands in (tenants | groups).items():
        _equal(name, known[name].keys(), stands.keys())
        for flow, stand in stands.items():
            _bounded(f"{flow} in {name}", known[name][flow], stand)


def _bounded(what: str, found: float, stand: float) -> None:
    """An index may hold a tag that is too low, of a flow that was served elsewhere: it is put right in time."""
    if found > stand or (found != stand and min(found, stand) < 0):
        message = f"{what}: the cell has {found}, the model {stand}"
        raise Unlike(message)


def open_tasks(picture: Picture) -> list[str]:
    """Return the tasks that have not ended."""
    return [task_id for task_id, row in picture.tasks.items() if row.state.status not in TERMINAL]
