"""The operations on dead letters."""

from xqueue_common.registry.records import Role
from xqueue_gateway.history.query import PageQuery
from xqueue_gateway.http.dead_letters import RedrivenAnswer, RedriveOrder
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.tasks import TaskPage

_LETTERS = "/api/v1/queues/{name}/dead-letters"

DEAD_LETTER_OPERATIONS = (
    Operation(
        Role.READ,
        "list_dead_letters",
        "GET",
        _LETTERS,
        "List failed tasks that were neither run again nor purged, newest first",
        {200: TaskPage},
        (404, 422, 503),
        query=PageQuery,
    ),
    Operation(
        Role.ADMIN,
        "redrive_dead_letters",
        "POST",
        f"{_LETTERS}/redrive",
        "Run dead letters again, each as a new task and only once",
        {202: RedrivenAnswer},
        (400, 404, 413, 415, 422, 503),
        body=RedriveOrder,
        bodiless=True,
    ),
    Operation(
        Role.ADMIN,
        "purge_dead_letters",
        "DELETE",
        _LETTERS,
        "Let none of them be a dead letter any more",
        {204: None},
        (404, 503),
    ),
)
