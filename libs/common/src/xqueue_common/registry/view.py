"""What the registry holds, by id and by whom it concerns; nothing here does I/O."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from xqueue_common.registry.records import ANY_TENANT, ApiKey, Registered, Subscription


class View:
    """The latest record of each id. Only touched from the event loop's thread."""

    def __init__(self) -> None:
        self._records: dict[str, Registered] = {}
        self._keys: dict[str, ApiKey] = {}
        self._subscriptions: defaultdict[str, dict[str, Subscription]] = defaultdict(dict)

    @property
    def records(self) -> Mapping[str, Registered]:
        """All records, by id."""
        return self._records

    @property
    def keys(self) -> Mapping[str, ApiKey]:
        """The API keys, by id: also those that count no more."""
        return self._keys

    def subscription(self, webhook_id: str) -> Subscription | None:
        """Return one subscription."""
        found = self._records.get(webhook_id)
        return found if isinstance(found, Subscription) else None

    def subscriptions_of(self, tenant: str) -> Sequence[Subscription]:
        """Return a tenant's own subscriptions, the oldest first; those of ``*`` are the operators'."""
        return sorted(self._subscriptions.get(tenant, {}).values(), key=_by_age)

    def subscribers_to(self, tenant: str) -> Sequence[Subscription]:
        """Return who may want to hear of a tenant's tasks: its own subscriptions and the operators'."""
        own, operators = self._subscriptions.get(tenant), self._subscriptions.get(ANY_TENANT)
        return [*(own or {}).values(), *(operators or {}).values()]

    def all_subscriptions(self) -> Sequence[Subscription]:
        """Return the subscriptions of all tenants, the oldest first."""
        return sorted((one for own in self._subscriptions.values() for one in own.values()), key=_by_age)

    def note(self, record_id: str, record: Registered | None) -> None:
        """Take in a record; None takes its id away."""
        self._forget(record_id)
        if record is None:
            return
        self._records[record_id] = record
        if isinstance(record, ApiKey):
            self._keys[record_id] = record
        else:
            self._subscriptions[record.tenant][record_id] = record

    def _forget(self, record_id: str) -> None:
        old = self._records.pop(record_id, None)
        self._keys.pop(record_id, None)
        if isinstance(old, Subscription):
            own = self._subscriptions[old.tenant]
            del own[record_id]
            if not own:
                del self._subscriptions[old.tenant]


def _by_age(subscription: Subscription) -> tuple[int, str]:
    return subscription.created_ms, subscription.id
