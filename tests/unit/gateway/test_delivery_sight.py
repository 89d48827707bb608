"""Who sees which deliveries."""

import pytest
from integration.gateway.test_webhooks import delivery

from xqueue_common.registry.records import ANY_TENANT
from xqueue_gateway.access.caller import Caller
from xqueue_gateway.webhooks.deliveries import _sees

TENANT = Caller("acme", "acme", operator=False, actor="key", tier=None, key=None, trace=None)
OTHER = TENANT._replace(tenant="other", sees="other")
OPERATOR = TENANT._replace(sees=None, operator=True)


@pytest.mark.parametrize(
    ("owner", "seers"),
    [
        ("acme", {TENANT, OPERATOR, OPERATOR._replace(sees="acme")}),
        (ANY_TENANT, {OPERATOR, OPERATOR._replace(sees="acme")}),
    ],
)
def test_a_tenant_sees_its_own_and_not_what_operators_have_subscribed_to(owner: str, seers: set[Caller]) -> None:
    told = delivery("acme", "00000000-0000-7000-8000-000000000000", owner=owner)
    everybody = {TENANT, OTHER, OPERATOR, OPERATOR._replace(sees="acme"), OPERATOR._replace(sees="other")}
    assert {caller for caller in everybody if _sees(caller, told)} == seers
