"""What a grant does: it takes slots and tokens, and is charged to its group and tenant."""

from collections.abc import Iterator

from support.scheduler.fold import shares
from support.scheduler.fold.limits import (
    group_weight,
    scopes,
    spend,
    tenant_weight,
    weight_of_groups,
    weight_of_tenants,
)
from support.scheduler.fold.offers import will_hold
from support.scheduler.fold.ready import best, look, settle
from support.scheduler.fold.state import Fold, Grant, Task

from xqueue_common.lifecycle import Status


def grant_all(fold: Fold, most: int) -> Iterator[Grant]:
    """Grant one after the other until workers or ready tasks run out, ``most`` at most."""
    for _ in range(most):
        found = best(fold, look(fold))
        if found is None:
            return
        yield _grant(fold, found.task, found.fits[0].worker)
        settle(fold, look(fold))


def _grant(fold: Fold, task: Task, worker: str) -> Grant:
    estimate = fold.estimates.get(task.spec.type, shares.Estimate())
    task.charge = shares.cost(estimate.ms, task.needs.slots)
    _charge(fold, task)
    spend(fold, task)
    fold.offers[worker] = will_hold(fold.offers[worker], task)
    fold.passed.pop(task.level, None)
    task.attempt += 1
    task.claimed, task.worker = False, worker
    task.held = _held(task)
    task.granted_ms = fold.now_ms
    task.deadline_ms = fold.now_ms + fold.claim_ms + task.spec.process_timeout_ms
    task.becomes(Status.PROCESSING)
    return Grant(task.spec.task_id, task.attempt, worker)


def _held(task: Task) -> tuple[str, ...]:
    """Return the scopes in which an attempt on the task's worker holds a slot."""
    needs = task.needs
    extra = [f"x/{task.worker}"] if needs.slots > 1 or needs.gpu_memory_mb > 0 else []
    return (*scopes(task), f"w/{task.worker}", *extra)


def _charge(fold: Fold, task: Task) -> None:
    """Charge the group in its tenant's share, and the tenant in the cell's."""
    level, tenant, group = task.level, task.tenant, task.group
    weight, weights = group_weight(fold, group), weight_of_groups(fold, tenant)
    fold.groups[tenant].charge(level, group, task.charge, weight=weight, weights=weights)
    weight, weights = tenant_weight(fold, tenant), weight_of_tenants(fold)
    fold.tenants.charge(level, tenant, task.charge, weight=weight, weights=weights)


def correct(fold: Fold, task: Task, more: int) -> None:
    """Correct what was charged for an attempt: it has cost so much more."""
    fold.share_of(task.tenant).correct(task.group, more, group_weight(fold, task.group))
    fold.tenants.correct(task.tenant, more, tenant_weight(fold, task.tenant))


def settle_charge(fold: Fold, task: Task, *, ran: bool) -> None:
    """Correct what was charged for an attempt that ends now; one that never ran costs nothing."""
    cost = shares.cost(fold.now_ms - task.granted_ms, task.needs.slots) if ran else 0
    correct(fold, task, cost - task.charge)
