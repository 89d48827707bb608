"""The operations on the trail of administrative acts."""

from xqueue_common.registry.records import Role
from xqueue_gateway.history.audit_query import AuditQuery
from xqueue_gateway.http.audit import AuditPage
from xqueue_gateway.http.operation import Operation

AUDIT_OPERATIONS = (
    Operation(
        Role.ADMIN,
        "list_audit",
        "GET",
        "/api/v1/audit",
        "List what administrators did",
        {200: AuditPage},
        (422, 503),
        query=AuditQuery,
    ),
)
