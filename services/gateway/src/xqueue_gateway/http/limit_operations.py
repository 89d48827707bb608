"""The operations on limits."""

from xqueue_common.registry.records import Role
from xqueue_gateway.control.limit_order import LimitAnswer, LimitList, LimitOrder
from xqueue_gateway.http.operation import Operation

_ALL = "/api/v1/limits"
_LIMIT = f"{_ALL}/{{kind}}/{{name}}"

LIMIT_OPERATIONS = (
    Operation(Role.READ, "list_limits", "GET", _ALL, "List limits that are pinned", {200: LimitList}, (422, 503)),
    Operation(
        Role.READ, "get_limit", "GET", _LIMIT, "Read a limit", {200: LimitAnswer}, (404, 422, 503), rest=True
    ),
    Operation(
        Role.ADMIN,
        "put_limit",
        "PUT",
        _LIMIT,
        "Pin a limit over what submissions say; in force at once on what waits",
        {200: LimitAnswer},
        (400, 413, 415, 422, 503),
        body=LimitOrder,
        rest=True,
    ),
    Operation(
        Role.ADMIN,
        "delete_limit",
        "DELETE",
        _LIMIT,
        "Take a limit away",
        {204: None},
        (404, 422, 503),
        rest=True,
    ),
)
