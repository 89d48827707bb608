"""What a cell drops: at the end of a call what nobody needs any more, and nearly all when Redis is lost."""

from support.scheduler.fold import shares
from support.scheduler.fold.granting import correct
from support.scheduler.fold.limits import emptied, rates
from support.scheduler.fold.ready import look, settle
from support.scheduler.fold.share import Share
from support.scheduler.fold.state import Fold


def forget(fold: Fold) -> None:
    """Drop groups and tenants without open tasks; a tenant that is ahead, only when every clock has passed it."""
    groups = fold.live()
    fold.wishes = {group: wish for group, wish in fold.wishes.items() if group in groups}
    if not groups:
        fold.tenants, fold.groups = Share(), {}
        return
    tenants, least = {group.partition("/")[0] for group in groups}, fold.tenants.least()
    kept = tenants | {name for name, flow in fold.tenants.flows.items() if not shares.passed(flow, least)}
    fold.tenants.flows = {name: flow for name, flow in fold.tenants.flows.items() if name in kept}
    fold.groups = {tenant: share for tenant, share in fold.groups.items() if tenant in kept}
    for share in fold.groups.values():
        share.flows = {group: flow for group, flow in share.flows.items() if group in groups}


def lose(fold: Fold) -> None:
    """Lose Redis: what the log does not hold begins anew; what runs is charged again, every rate is spent."""
    fold.offers, fold.estimates, fold.passed = {}, {}, {}
    fold.tenants, fold.groups = Share(), {}
    fold.front = min([0, *(task.place for task in fold.open())])
    for task in sorted(fold.running(), key=lambda task: task.place):
        task.claimed = False
        correct(fold, task, task.charge)
    fold.tats = {scope: emptied(rate, fold.now_ms) for scope, rate in rates(fold).items()}
    settle(fold, look(fold))
