"""Whose a key is, and until when."""

import re

import pytest
from msgspec import structs
from unit.gateway.made import NOW_MS, HeldClock

from xqueue_common.registry.records import ApiKey, Role
from xqueue_gateway.access.keys import OPERATOR, KeyRing
from xqueue_gateway.access.principal import Principal
from xqueue_gateway.access.secret import hash_of, hint_of, new_id, new_secret

SECRET, NEXT = new_secret(), new_secret()
KEY = ApiKey(
    id="key_0123456789abcdef",
    hash=hash_of(SECRET),
    tenant="acme",
    roles=[Role.SUBMIT],
    tier="standard",
    hint=hint_of(SECRET),
    created_ms=NOW_MS,
)


def ring(*keys: ApiKey, clock: HeldClock | None = None, operator_key: str = "") -> KeyRing:
    made = KeyRing(clock=clock or HeldClock(), operator_key=operator_key)
    for key in keys:
        made.heard(key.id, key)
    return made


def test_keys_are_long_and_never_the_same() -> None:
    assert re.fullmatch(r"xq_[A-Za-z0-9_-]{43}", SECRET)
    assert SECRET != NEXT
    assert new_id("key") != new_id("key")
    assert SECRET.startswith(hint_of(SECRET))


def test_a_key_says_whose_it_is_and_what_it_allows() -> None:
    assert ring(KEY).holder(SECRET) == Principal("acme", frozenset({Role.SUBMIT}), KEY.id, "standard")
    assert ring(KEY).holder(NEXT) is None


@pytest.mark.parametrize("change", [{"revoked_ms": NOW_MS - 1}, {"expires_ms": NOW_MS}], ids=["revoked", "expired"])
def test_a_key_that_counts_no_more_opens_nothing(change: dict[str, int]) -> None:
    changed = ring(KEY, structs.replace(KEY, **change))

    assert changed.holder(SECRET) is None
    assert not changed.good(KEY.id)
    assert changed.tiers("acme") == set()
    assert changed.any


def test_the_key_before_a_rotation_counts_until_its_time_is_up() -> None:
    clock = HeldClock()
    rotated = structs.replace(
        KEY, hash=hash_of(NEXT), previous_hash=KEY.hash, previous_until_ms=clock.now_ms() + 1_000
    )
    keys = ring(KEY, rotated, clock=clock)

    assert keys.holder(SECRET) == keys.holder(NEXT) is not None
    clock.now += 1_000
    assert keys.holder(SECRET) is None
    assert keys.holder(NEXT) is not None


def test_a_key_that_leaves_the_registry_opens_nothing_and_keys_are_asked_for_still() -> None:
    keys = ring(KEY)
    keys.heard(KEY.id, None)

    assert keys.holder(SECRET) is None
    assert keys.any


def test_the_operators_key_stands_in_no_registry() -> None:
    keys = ring(operator_key=SECRET)

    holder = keys.holder(SECRET)

    assert holder is not None
    assert (holder.operator, holder.actor, holder.tier) == (True, OPERATOR, None)
    assert not keys.any


def test_an_administrator_may_all_and_others_what_their_roles_say() -> None:
    admin, reader = (Principal("acme", frozenset({role}), "somebody") for role in (Role.ADMIN, Role.READ))

    assert all(admin.may(role) for role in (*Role, None))
    assert [role for role in (*Role, None) if reader.may(role)] == [Role.READ, None]
