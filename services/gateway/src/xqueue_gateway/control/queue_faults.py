"""What can be wrong with a queue that somebody names."""

from xqueue_common.names import QueueName
from xqueue_gateway.control.queue_view import Load
from xqueue_gateway.control.reading import check_shape
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid
from xqueue_gateway.submissions.submission import HINTS


def check_name(name: str) -> None:
    """Refuse a name that no queue can have.

    Raises:
        Problem: 422.
    """
    check_shape("name", name, QueueName, HINTS["queue"])


def no_such_queue(name: str) -> Problem:
    """Return the problem of a queue that is not there."""
    hint = "GET /api/v1/queues lists them; a queue is made by PUT, or by the first task submitted to it"
    error = FieldError("name", "no queue has this name", hint)
    return Problem(Kind.NOT_FOUND, f"there is no queue {name[:64]!r}", [error])


def unknown_queue(queue: str, field: str) -> Problem:
    """Return the problem of a task for a queue that nobody has made, where it must be made first."""
    hint = "GET /api/v1/queues lists them; here a queue takes tasks once an administrator has made it by PUT"
    return invalid(FieldError(field, f"there is no queue {queue}", hint))


def queue_exists(name: str) -> Problem:
    """Return the problem of a queue that is there already."""
    error = FieldError("name", "there is a queue of this name", "PUT replaces its settings, PATCH changes some")
    return Problem(Kind.EXISTS, f"queue {name} exists", [error])


def queue_holds(name: str, load: Load) -> Problem:
    """Return the problem of a queue that cannot be removed because of its tasks."""
    hint = "wait for them, or cancel them all with ?force=true"
    error = FieldError("name", f"{load.waiting} tasks wait and {load.processing} run", hint)
    return Problem(Kind.NOT_EMPTY, f"queue {name} holds {load.total} tasks", [error])


def queue_shared(name: str) -> Problem:
    """Return the problem of a tenant that would change a queue in which others have tasks."""
    hint = (
        "purge, reorder and cancel touch your tasks alone, and what another tenant put on it you may take off;"
        " else ask the operator, or use a queue of your own"
    )
    error = FieldError("name", "other tenants have open tasks in it", hint)
    return Problem(Kind.FORBIDDEN, f"queue {name} is shared: it is the operator's to change now", [error])
