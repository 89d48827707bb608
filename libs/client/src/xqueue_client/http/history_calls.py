"""The calls on what has been: statistics and the trail of administrative acts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xqueue_client.audit import AuditPage
from xqueue_client.filters import pairs
from xqueue_client.http.call import Call, reader
from xqueue_client.http.paging import place
from xqueue_client.statistics import Statistics

_audit = reader(AuditPage)
_statistics = reader(Statistics)


def audit(wanted: Mapping[str, Any], cursor: str | None, size: int) -> Call[AuditPage]:
    """List a page of the trail."""
    return Call(method="GET", path="/api/v1/audit", read=_audit, query=[*pairs(wanted), *place(cursor, size)])


def statistics(group_by: Sequence[str], since: datetime | None, until: datetime | None) -> Call[Statistics]:
    """Count tasks by group."""
    said = {"since": since, "until": until, "group_by": ",".join(group_by)}
    query = pairs({name: value for name, value in said.items() if value})
    return Call(method="GET", path="/api/v1/statistics/tasks", read=_statistics, query=query)
