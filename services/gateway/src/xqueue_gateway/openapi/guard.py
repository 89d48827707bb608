"""Who may do what, as the document tells it: the key or token that an operation asks for, and its refusals."""

from typing import Any

from xqueue_gateway.http.operation import Operation

_SAFE = frozenset({"GET", "HEAD"})
_BEARER = "bearer"

SECURITY_SCHEMES: dict[str, Any] = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "API key (xq_…) or JWT",
        "description": "An API key, or a token exchanged for one. Where none are configured nobody is asked.",
    },
}


def guard_of(operation: Operation) -> dict[str, Any]:
    """Return what an operation says of who may do it: nothing if everybody may."""
    if operation.role is None:
        return {}
    return {"security": [{_BEARER: []}], "x-role": str(operation.role)}


def refusals_of(operation: Operation) -> tuple[int, ...]:
    """Return the statuses of problems that come before an operation is worked on."""
    if operation.role is not None:
        return (401, 403, 422, 429, 503)
    return () if operation.method in _SAFE else (403,)  # pages of other origins
