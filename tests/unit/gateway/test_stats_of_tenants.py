"""Whose counts are told to whom."""

from typing import Any, cast

import msgspec
import pytest
from litestar import Request

from xqueue_common.ops import Health
from xqueue_common.registry.records import Role
from xqueue_gateway.access.principal import ANYBODY, Principal, let_in
from xqueue_gateway.http.system import SystemEndpoints

TENANT = Principal("acme", frozenset({Role.READ}), "key_one")
OPERATOR = Principal("*", frozenset({Role.ADMIN}), "key_two")


class Told:
    """Answers as whatever was asked for."""

    async def stats(self) -> str:
        return "all"

    async def of(self, tenant: str) -> str:
        return f"of {tenant}"


@pytest.mark.parametrize(
    ("principal", "headers", "told"),
    [
        (ANYBODY, {}, "all"),
        (ANYBODY, {"x-xq-tenant": "acme"}, "all"),
        (OPERATOR, {}, "all"),
        (OPERATOR, {"x-xq-tenant": "acme"}, "of acme"),
        (TENANT, {}, "of acme"),
        (TENANT, {"x-xq-tenant": "acme"}, "of acme"),
    ],
)
async def test_a_tenant_learns_its_own_counts_only(
    principal: Principal, headers: dict[str, str], told: str
) -> None:
    scope: Any = {"type": "http", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    let_in(scope, principal)
    parts = cast("Any", {"fleet": Told(), "tenants": Told(), "allocations": None})

    answer: Any = await SystemEndpoints(health=Health(), **parts).get_stats(Request(scope))

    assert msgspec.json.decode(answer.body) == told
