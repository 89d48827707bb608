"""The operations on queues."""

from xqueue_common.registry.records import Role
from xqueue_gateway.control.queue_order import NewQueue, QueueOrder, ReorderOrder
from xqueue_gateway.control.queue_view import QueueAnswer, QueueList
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.query import ForceQuery
from xqueue_gateway.http.queues import Purged, Reordered

_ALL = "/api/v1/queues"
_QUEUE = f"{_ALL}/{{name}}"
_READS = (404, 503)
_WRITES = (400, 413, 415, 422, 503)

QUEUE_OPERATIONS = (
    Operation(Role.READ, "list_queues", "GET", _ALL, "List queues", {200: QueueList}, (503,)),
    Operation(
        Role.ADMIN, "create_queue", "POST", _ALL, "Make a queue", {201: QueueAnswer}, (409, *_WRITES), body=NewQueue
    ),
    Operation(Role.READ, "get_queue", "GET", _QUEUE, "Read a queue", {200: QueueAnswer}, _READS),
    Operation(
        Role.ADMIN,
        "put_queue",
        "PUT",
        _QUEUE,
        "Replace all settings of a queue, or make it",
        {200: QueueAnswer, 201: QueueAnswer},
        _WRITES,
        body=QueueOrder,
    ),
    Operation(
        Role.ADMIN,
        "patch_queue",
        "PATCH",
        _QUEUE,
        "Change some settings of a queue; null clears one",
        {200: QueueAnswer},
        (404, *_WRITES),
        body=QueueOrder,
    ),
    Operation(
        Role.ADMIN,
        "delete_queue",
        "DELETE",
        _QUEUE,
        "Remove a queue; one that holds tasks only by force, which cancels them",
        {204: None},
        (404, 409, 422, 503),
        query=ForceQuery,
    ),
    Operation(
        Role.ADMIN, "pause_queue", "POST", f"{_QUEUE}/pause", "Let no task of it begin", {200: QueueAnswer}, _READS
    ),
    Operation(Role.ADMIN, "resume_queue", "POST", f"{_QUEUE}/resume", "Let it go on", {200: QueueAnswer}, _READS),
    Operation(
        Role.ADMIN,
        "purge_queue",
        "POST",
        f"{_QUEUE}/purge",
        "Cancel what of the caller's tenant waits in it",
        {202: Purged},
        (404, 422, 503),
    ),
    Operation(
        Role.ADMIN,
        "reorder_queue",
        "POST",
        f"{_QUEUE}/reorder",
        "Put waiting tasks first, in this order, within their priority",
        {200: Reordered},
        (404, *_WRITES),
        body=ReorderOrder,
    ),
)
