"""What a tenant may have open, and submit a day: by the tiers of its keys, whichever way its tasks come in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xqueue_common.events import Submit
from xqueue_gateway.access.buckets import Buckets
from xqueue_gateway.access.keys import KeyRing
from xqueue_gateway.access.problems import over_quota
from xqueue_gateway.access.tiers import Tier, Tiers
from xqueue_gateway.problems import Problem

_NONE = Tier("none")


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """The quotas are responsible for no tenant filling the installation alone."""

    ring: KeyRing
    tiers: Tiers
    buckets: Buckets

    def open_tasks(self, tenant: str) -> int | None:
        """Return how many tasks a tenant may have that have not ended; None: any number."""
        return self._of(tenant).open_tasks

    async def settle(self, drafts: Sequence[Submit | Problem]) -> list[Submit | Problem]:
        """Return drafts, or that their tenants have submitted enough for today; in the same order.

        Of the drafts of one tenant all are taken or none.
        """
        if not self.tiers.bounded:
            return list(drafts)
        wanted = Counter(draft.spec.tenant for draft in drafts if isinstance(draft, Submit))
        refused = {tenant: it for tenant, n in wanted.items() if (it := await self._take(tenant, n)) is not None}
        return [d if isinstance(d, Problem) else refused.get(d.spec.tenant, d) for d in drafts]

    async def _take(self, tenant: str, count: int) -> Problem | None:
        rate = self._of(tenant).submissions
        if rate is None:
            return None
        taken = await self.buckets.take(f"submissions/{tenant}", rate, count)
        return None if taken.granted else over_quota(tenant, rate, taken, count)

    def _of(self, tenant: str) -> Tier:
        return self.tiers.widest(self.ring.tiers(tenant)) if self.tiers.bounded else _NONE
