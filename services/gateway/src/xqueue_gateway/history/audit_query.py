"""What may be asked of the trail of administrative acts."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from xqueue_common.names import Ms, TaskId, TenantName
from xqueue_gateway.history.cursor import Cursor
from xqueue_gateway.submissions.submission import Moment

Actor = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z", min_length=1, max_length=128)]
OperationName = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,64}\Z")]


class AuditQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which acts to list, newest first."""

    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    actor: Actor | UnsetType = UNSET
    operation: OperationName | UnsetType = UNSET
    tenant: TenantName | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET


AUDIT_HINTS = {
    "actor": "the id of a key, or the subject of a token",
    "operation": "the name of an operation, as in /openapi.json",
}


class AuditPlace(Struct, frozen=True, array_like=True):
    """The last act of a page; its id is a UUIDv7."""

    at_ms: Ms
    audit_id: TaskId


ACTS = Cursor(AuditPlace)
