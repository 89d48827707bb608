"""The API keys of the installation, as the registry has them."""

from collections import defaultdict
from collections.abc import Mapping

from xqueue_common.clock import Clock
from xqueue_common.registry.records import ANY_TENANT, ApiKey, Registered, Role
from xqueue_gateway.access.principal import Principal
from xqueue_gateway.access.secret import hash_of

OPERATOR = "operator"
"""The actor whose key stands in the settings, not in the registry."""


class KeyRing:
    """The key ring is responsible for knowing whose a key is, at once: by its hash.

    ``heard`` takes in every record of the registry, in order.

    Attributes:
        any: whether a key was ever made. Neither revoking the last nor losing the registry opens the door again.
    """

    def __init__(self, *, clock: Clock, operator_key: str = "") -> None:
        self._clock = clock
        self._operator = hash_of(operator_key) if operator_key else None
        self._by_id: dict[str, ApiKey] = {}
        self._by_hash: dict[str, ApiKey] = {}
        self._of_tenant: defaultdict[str, set[str]] = defaultdict(set)
        self.any = False

    @property
    def by_id(self) -> Mapping[str, ApiKey]:
        """All keys, those that count no more as well."""
        return self._by_id

    def heard(self, key_id: str, record: Registered | None) -> None:
        """Take in what the registry has under an id now; None: nothing any more."""
        self._forget(key_id)
        if isinstance(record, ApiKey):
            self.any = True
            self._by_id[key_id] = record
            self._of_tenant[record.tenant].add(key_id)
            self._by_hash |= dict.fromkeys(_hashes(record), record)

    def holder(self, secret: str) -> Principal | None:
        """Return whose key this is; None: it is nobody's, or counts no more."""
        digest = hash_of(secret)
        if digest == self._operator:
            return Principal(ANY_TENANT, frozenset(Role), OPERATOR)
        key = self._by_hash.get(digest)
        if key is None or not self._counts(key, digest):
            return None
        return Principal(key.tenant, frozenset(key.roles), key.id, key.tier)

    def good(self, key_id: str) -> bool:
        """Whether a key still counts; whoever has a token got it for a key."""
        key = self._by_id.get(key_id)
        return key is not None and self._lives(key)

    def tiers(self, tenant: str) -> set[str]:
        """Return the tiers of a tenant's keys that count."""
        own = (self._by_id[key_id] for key_id in self._of_tenant.get(tenant, ()))
        return {key.tier for key in own if self._lives(key)}

    def _forget(self, key_id: str) -> None:
        before = self._by_id.pop(key_id, None)
        if before is not None:
            self._of_tenant[before.tenant].discard(key_id)
        for known in _hashes(before):
            self._by_hash.pop(known, None)

    def _counts(self, key: ApiKey, digest: str) -> bool:
        if digest != key.hash and (key.previous_until_ms or 0) <= self._clock.now_ms():
            return False
        return self._lives(key)

    def _lives(self, key: ApiKey) -> bool:
        expired = key.expires_ms is not None and key.expires_ms <= self._clock.now_ms()
        return key.revoked_ms is None and not expired


def _hashes(key: ApiKey | None) -> list[str]:
    return [] if key is None else [known for known in (key.hash, key.previous_hash) if known is not None]
