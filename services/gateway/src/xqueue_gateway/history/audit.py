"""The trail of administrative acts, as the gateway asks for it: page after page, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, select, tuple_

from xqueue_common.history.schema import audit
from xqueue_common.moments import epoch_ms, moment
from xqueue_gateway.history.audit_query import ACTS, AuditPlace, AuditQuery
from xqueue_gateway.history.database import Database


class Act(Struct, frozen=True, kw_only=True):
    """An administrative act, whether it was allowed or not.

    ``actor``: the id of the key, or the subject of the token, that asked; ``actor_tenant``: whose that is, ``*`` an
    operator's; ``tenant``: whose things it was about; ``target``: the path; ``status``: how it was answered.
    """

    id: str
    at: datetime
    actor: str
    actor_tenant: str
    tenant: str
    operation: str
    target: str
    status: int
    address: str


class Acts(NamedTuple):
    """A part of the trail, and where it goes on (None: nowhere)."""

    items: list[Act]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True)
class AuditTrail:
    """All acts that the history keeps."""

    database: Database

    async def page(self, query: AuditQuery, sees: str | None, after: AuditPlace | None) -> Acts:
        """Return a page for somebody who sees what was done to one tenant's things; None: to everybody's.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = select(audit).where(*_conditions(query, sees, after))
        wanted = wanted.order_by(audit.c.at_ms.desc(), audit.c.audit_id.desc()).limit(query.limit + 1)
        (rows,) = await self.database.ask(wanted)
        shown = rows[: query.limit]
        goes_on = len(rows) > query.limit
        return Acts([_act(row) for row in shown], ACTS.text(_place(shown[-1])) if goes_on else None)


def _conditions(query: AuditQuery, sees: str | None, after: AuditPlace | None) -> Iterator[ColumnElement[bool]]:
    if sees is not None:
        yield audit.c.tenant == sees
    for name in ("actor", "operation", "tenant"):
        if isinstance(wanted := getattr(query, name), str):
            yield audit.c[name] == wanted
    if isinstance(query.since, datetime):
        yield audit.c.at_ms >= epoch_ms(query.since)
    if isinstance(query.until, datetime):
        yield audit.c.at_ms < epoch_ms(query.until)
    if after is not None:
        yield tuple_(audit.c.at_ms, audit.c.audit_id) < (after.at_ms, after.audit_id)


def _place(row: Row[Any]) -> AuditPlace:
    return AuditPlace(row.at_ms, row.audit_id)


def _act(row: Row[Any]) -> Act:
    return Act(
        id=row.audit_id,
        at=moment(row.at_ms),
        actor=row.actor,
        actor_tenant=row.actor_tenant,
        tenant=row.tenant,
        operation=row.operation,
        target=row.target,
        status=row.status,
        address=row.address,
    )
