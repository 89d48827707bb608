"""The trail of administrative acts."""

from datetime import datetime
from typing import TypedDict

from msgspec import Struct


class AuditEntry(Struct, frozen=True, kw_only=True):
    """An administrative act, whether it was allowed or not.

    Attributes:
        id: its own.
        at: when.
        actor: the id of the key, or the subject of the token, that asked; `anonymous` without keys.
        actor_tenant: whose that is, `*`: an operator's.
        tenant: whose things it was about.
        operation: what was asked, by its name in the API's description.
        target: of what: the path.
        status: how it was answered, as HTTP says it.
        address: from where it was asked.
    """

    id: str
    at: datetime
    actor: str
    actor_tenant: str
    tenant: str
    operation: str
    target: str
    status: int
    address: str = ""


class AuditPage(Struct, frozen=True):
    """A part of the trail."""

    items: list[AuditEntry]
    next_cursor: str | None = None


class AuditFilter(TypedDict, total=False):
    """What `audit` takes; without any of it, the whole trail."""

    since: datetime
    until: datetime
    actor: str
    operation: str
    tenant: str
