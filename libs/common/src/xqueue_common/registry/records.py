"""The records of the registry, by id; one without a value (a tombstone) takes its id away."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from xqueue_common.codec import Reader
from xqueue_common.events import Record
from xqueue_common.lifecycle import Status
from xqueue_common.names import Ms, QueueName, TenantName

ANY_TENANT = "*"
"""The tenant of operators: all of them."""

KeyId = Annotated[str, Meta(pattern=r"^key_[A-Za-z0-9]{16}\Z")]
WebhookId = Annotated[str, Meta(pattern=r"^wh_[A-Za-z0-9]{16}\Z")]
Tier = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]
Whose = Annotated[str, Meta(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})\Z")]
Note = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z", max_length=200)]


class Role(StrEnum):
    """What the holder of a key may do; ``admin`` may all of it."""

    SUBMIT = "submit"
    READ = "read"
    ADMIN = "admin"


class ApiKey(Record, frozen=True, tag="api_key"):
    """An API key, as far as anybody keeps it: of the key itself only its hash.

    Attributes:
        id: under which it is listed and revoked.
        hash: SHA-256 of the key, in hex; the key has 256 bits of chance, so nothing slower is needed.
        tenant: whose it is; ``*`` for an operator's.
        roles: what it allows.
        tier: whose rates and quotas hold for it.
        hint: how the key begins, to be recognised by.
        note: what its owner calls it.
        created_ms: when it was made.
        created_by: the id of the key that made it; None: made at the installation itself.
        expires_ms: from when on it is worth nothing; None: never.
        revoked_ms: since when it is worth nothing; None: it still counts.
        previous_hash: hash of the key before it was rotated, good until ``previous_until_ms``.
        previous_until_ms: see there.
    """

    id: KeyId
    hash: str
    tenant: Whose
    roles: list[Role]
    tier: Tier
    hint: str
    created_ms: Ms
    note: Note = ""
    created_by: str | None = None
    expires_ms: Ms | None = None
    revoked_ms: Ms | None = None
    previous_hash: str | None = None
    previous_until_ms: Ms | None = None


class Secret(Struct, frozen=True, omit_defaults=True):
    """A secret that webhooks are signed with (``whsec_…``); None: until it is replaced."""

    value: str
    until_ms: Ms | None = None


class Subscription(Record, frozen=True, tag="webhook"):
    """Whom to tell about a tenant's tasks.

    Attributes:
        id: under which it is listed and changed.
        tenant: whose tasks; ``*``: all tenants' (an operator's subscription).
        url: where to POST.
        queue: only tasks of this queue; None: of all.
        events: at which statuses; None: the terminal ones.
        secrets: what is signed with, the newest first; all that have not run out sign.
        created_ms: when it was made.
        description: what its owner calls it.
        disabled: why nothing is told at present; None: all is well.
    """

    id: WebhookId
    tenant: Whose
    url: str
    secrets: list[Secret]
    created_ms: Ms
    queue: QueueName | None = None
    events: list[Status] | None = None
    description: Note = ""
    disabled: str | None = None


Registered = ApiKey | Subscription

read_registered = Reader[Registered](Registered)


class AuditRecord(Record, frozen=True, tag="audit"):
    """An administrative act, whether it was allowed or not; topic ``audit``.

    Attributes:
        id: a UUIDv7.
        at_ms: when.
        actor: the id of the key, or the subject of the token, that asked; ``anonymous`` without keys.
        actor_tenant: whose key that was, ``*`` for an operator's.
        tenant: whose things it was about.
        operation: what was asked, by its name in the OpenAPI document.
        target: of what: the path.
        status: how it was answered, as an HTTP status.
        address: from where it was asked.
    """

    id: str
    at_ms: Ms
    actor: str
    actor_tenant: Whose
    tenant: TenantName
    operation: str
    target: str
    status: int
    address: str = ""


read_audit = Reader[AuditRecord](AuditRecord)
