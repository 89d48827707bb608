"""Counts of one tenant's tasks, for whoever must not learn those of others."""

from dataclasses import dataclass

from sqlalchemy import func, select

from xqueue_common.clock import Clock
from xqueue_common.history.schema import task_totals, tasks
from xqueue_common.lifecycle import TERMINAL, Status
from xqueue_common.moments import moment
from xqueue_gateway.history.database import Database
from xqueue_gateway.push.rates import Rates, of_tenant
from xqueue_gateway.tasks.fleet import StatsAnswer

_OPEN = tuple(status for status in Status if status not in TERMINAL)


@dataclass(frozen=True, kw_only=True)
class TenantStats:
    """The counts of single tenants, as far as the history has followed."""

    database: Database
    rates: Rates
    clock: Clock

    async def of(self, tenant: str) -> StatsAnswer:
        """Return the counts of a tenant: ended ones since the history began, open ones now.

        Raises:
            Unavailable: the database does not answer.
        """
        totals = select(task_totals.c.measure, task_totals.c.tasks).where(task_totals.c.tenant == tenant)
        wanted = (tasks.c.tenant == tenant, tasks.c.status.in_(_OPEN))
        now_open = select(tasks.c.status, func.count()).where(*wanted).group_by(tasks.c.status)
        ended, still = (dict(map(tuple, rows)) for rows in await self.database.ask(totals, now_open))
        counted = {status: (ended if status in TERMINAL else still).get(status, 0) for status in Status}
        return StatsAnswer(
            submitted=ended.get("submitted", 0),
            by_status={str(status): int(number) for status, number in counted.items()},
            waiting=counted[Status.PENDING] + counted[Status.SCHEDULED],
            running=counted[Status.PROCESSING],
            rates=self._rates(tenant),
            at=moment(self.clock.now_ms()),
        )

    def _rates(self, tenant: str) -> dict[str, float]:
        now_ms = self.clock.monotonic_ms()
        names = ("submitted", *sorted(TERMINAL))
        return {name: self.rates.of(of_tenant(tenant, name), now_ms) for name in names}
