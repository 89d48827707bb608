"""What can be wrong with subscriptions and deliveries."""

from xqueue_gateway.problems import FieldError, Kind, Problem


def no_such_webhook(webhook_id: str) -> Problem:
    """Return the problem of an id that names no subscription of the caller's."""
    error = FieldError("id", "no subscription of yours has this id", "GET /api/v1/webhooks lists yours")
    return Problem(Kind.NOT_FOUND, f"there is no webhook {webhook_id[:64]!r}", [error])


def no_such_delivery(delivery_id: str) -> Problem:
    """Return the problem of an id that names no delivery of the caller's."""
    hint = "GET /api/v1/tasks/{task_id}/deliveries and /api/v1/webhooks/{id}/deliveries list yours"
    error = FieldError("id", "no delivery of yours has this id, or it is not listed yet", hint)
    return Problem(Kind.NOT_FOUND, f"there is no delivery {delivery_id[:64]!r}", [error])


def too_many_webhooks(tenant: str, most: int) -> Problem:
    """Return the problem of one subscription too many."""
    error = FieldError("tenant", f"{tenant} has {most} subscriptions", "delete those that nobody needs")
    return Problem(Kind.TOO_MANY, f"tenant {tenant} may have {most} subscriptions", [error])


def removed() -> Problem:
    """Return the problem of a delivery whose subscription is gone."""
    return _nobody_there("its subscription was removed", "make another subscription for what comes")


def disabled(webhook_id: str, why: str) -> Problem:
    """Return the problem of a delivery whose subscription takes nothing at present."""
    hint = f'PATCH /api/v1/webhooks/{webhook_id} with {{"disabled": false}} first'
    return _nobody_there(f"its subscription is disabled: {why}", hint)


def _nobody_there(why: str, hint: str) -> Problem:
    return Problem(Kind.NO_RECEIVER, f"it cannot be told again: {why}", [FieldError("id", why, hint)])
