"""`xqueue audit`."""

from itertools import islice
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from xqueue_client.audit import AuditEntry
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common, given
from xqueue_client.command.times import moment_of
from xqueue_client.command.words import moment
from xqueue_client.http.paging import PAGE

_HEADS = ("AT", "ACTOR", "OF", "OPERATION", "TARGET", "TENANT", "STATUS", "FROM")


def audit(
    *,
    since: str | None = None,
    until: str | None = None,
    actor: str | None = None,
    operation: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    common: Common = COMMON,
) -> int:
    """List administrative acts, allowed or not, newest first.

    Args:
        since: Not before this time: 24h for a day ago, or such as 2030-01-31T12:00:00Z.
        until: Before this time.
        actor: Only of this key, by its id.
        operation: Only this, as the column shows it.
        limit: So many at most.
        common: What every command takes.
    """
    times = {"since": moment_of("--since", since), "until": moment_of("--until", until)}
    wanted = given(**times, actor=actor, operation=operation)
    with common.connect_as_operator() as client:
        found = list(islice(client.audit(page_size=min(limit, PAGE), **wanted), limit))
    common.output.each(_HEADS, found, _row)
    return Exit.OK


def _row(act: AuditEntry) -> tuple[str, ...]:
    who = (moment(act.at), act.actor, act.actor_tenant)
    return (*who, act.operation, act.target, act.tenant, str(act.status), act.address or "-")
