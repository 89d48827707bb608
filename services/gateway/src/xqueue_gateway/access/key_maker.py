"""Making API keys, and taking them back."""

from dataclasses import dataclass
from typing import NamedTuple

from msgspec import UNSET, structs

from xqueue_common.clock import Clock
from xqueue_common.registry.records import ANY_TENANT, ApiKey
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.access.key_order import KeyOrder
from xqueue_gateway.access.keys import KeyRing
from xqueue_gateway.access.problems import key_elsewhere, no_such_key, no_such_tier, tier_not_yours, too_many_keys
from xqueue_gateway.access.secret import hash_of, hint_of, new_id, new_secret
from xqueue_gateway.access.tiers import Tiers
from xqueue_gateway.registry.writer import RegistryWriter

_STANDARD = "standard"
_MOST = 1_000
"""Keys that a tenant may have which were not revoked: each is in the memory of every gateway."""


class Made(NamedTuple):
    """A key, and what opens the door: it is nowhere else."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, kw_only=True)
class KeyMaker:
    """The key maker is responsible for keys that allow no more than who asked for them is allowed to give."""

    ring: KeyRing
    writer: RegistryWriter
    tiers: Tiers
    clock: Clock

    async def make(self, caller: Caller, order: KeyOrder) -> Made:
        """Make a key.

        Raises:
            Problem: 403 for another tenant or tier than one's own; 409 too many; 422 no such tier.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        tenant = caller.tenant if order.tenant is UNSET else order.tenant
        if not caller.operator and tenant != caller.tenant:
            raise key_elsewhere(tenant)
        if len([key for key in self.ring.by_id.values() if key.tenant == tenant and not key.revoked_ms]) >= _MOST:
            raise too_many_keys(tenant, _MOST)
        secret, now_ms = new_secret(), self.clock.now_ms()
        key = ApiKey(
            id=new_id("key"),
            hash=hash_of(secret),
            tenant=tenant,
            roles=sorted(set(order.roles)),
            tier=self._tier(caller, order),
            hint=hint_of(secret),
            created_ms=now_ms,
            note=order.note,
            created_by=caller.actor,
            expires_ms=None if order.expires_in is None else now_ms + round(order.expires_in * 1000),
        )
        await self.writer.put(key.id, key)
        return Made(key, secret)

    async def revoke(self, caller: Caller, key_id: str) -> None:
        """Make a key worth nothing; once more does no harm.

        Raises:
            Problem: 404 there is none.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        key = self.find(caller, key_id)
        if key.revoked_ms is None:
            await self.writer.put(key_id, structs.replace(key, revoked_ms=self.clock.now_ms()))

    async def rotate(self, caller: Caller, key_id: str, overlap_s: float) -> Made:
        """Put another in a key's place; the one before counts for a while.

        Raises:
            Problem: 404 there is none that counts.
            OutcomeUnknown, Unavailable: Kafka is away.
        """
        key, secret = self.find(caller, key_id), new_secret()
        if not self.ring.good(key_id):
            raise no_such_key(key_id)
        after = structs.replace(
            key,
            hash=hash_of(secret),
            hint=hint_of(secret),
            previous_hash=key.hash,
            previous_until_ms=self.clock.now_ms() + round(overlap_s * 1000),
        )
        await self.writer.put(key_id, after)
        return Made(after, secret)

    def find(self, caller: Caller, key_id: str) -> ApiKey:
        """Return a key that the caller may see.

        Raises:
            Problem: 404 there is none.
        """
        key = self.ring.by_id.get(key_id)
        if key is None or not sees(caller, key):
            raise no_such_key(key_id)
        return key

    def all(self, caller: Caller) -> list[ApiKey]:
        """Return the keys that the caller may see, the newest first."""
        seen = [key for key in self.ring.by_id.values() if sees(caller, key)]
        return sorted(seen, key=lambda key: (key.created_ms, key.id), reverse=True)

    def _tier(self, caller: Caller, order: KeyOrder) -> str:
        own = None if caller.operator else caller.tier
        wanted = (own or _STANDARD) if order.tier is UNSET else order.tier
        if not caller.operator and wanted != own:
            raise tier_not_yours(wanted, own)
        if wanted not in self.tiers.names:
            raise no_such_tier(wanted, self.tiers.names)
        return wanted


def sees(caller: Caller, key: ApiKey) -> bool:
    """Whether somebody may see a key: its tenant's administrators, and operators."""
    return caller.sees in (None, key.tenant) and (caller.operator or key.tenant != ANY_TENANT)
