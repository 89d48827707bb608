"""Who may do what: every operation of the table, asked for by everybody. A new one is here by itself."""

from collections.abc import AsyncIterator

import pytest
from integration.gateway.guarded import EVERYBODY, MARK, NOBODY, STRANGER, Guarded, Who
from integration.gateway.played import playing
from integration.gateway.running import gateway

from xqueue_embedded import Kafka, Redis
from xqueue_gateway.access.secret import new_secret
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.operations import OPERATIONS

LAST = ("revoke_key", "rotate_key", "delete_", "purge_", "cancel_task")
"""What takes away what others ask for comes last."""
CALLS = sorted(OPERATIONS, key=lambda operation: operation.name.startswith(LAST))
OF_THEIR_OWN = ("put_limit", "put_schedule")
FOREIGN = sorted(CALLS, key=lambda operation: operation.name in OF_THEIR_OWN)
CELLS = [(operation, who) for operation in CALLS for who in EVERYBODY]


@pytest.fixture(scope="module")
async def guarded(
    kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Guarded]:
    """A gateway that asks for keys."""
    folder, secret = tmp_path_factory.mktemp("matrix"), new_secret()
    async with playing(kafka, redis_server, "matrix", f"sqlite:///{folder / 'history.db'}") as played:
        played.keeps = True
        settings = {"artifacts_url": (folder / "artifacts").as_uri(), "tier_requests": "unpaced=1000000"}
        async with gateway(played, operator_key=secret, jwt_secret="s" * 64, **settings) as door:
            ready = Guarded(played, door, secret)
            await ready.prepare()
            yield ready


@pytest.mark.parametrize("operation", FOREIGN, ids=[operation.name for operation in FOREIGN])
async def test_a_stranger_sees_nothing_of_a_tenant_and_changes_nothing_of_it(
    guarded: Guarded, operation: Operation
) -> None:
    answer = await guarded.perform(STRANGER, operation)

    assert answer.status_code < 500
    if operation.name in OF_THEIR_OWN:
        assert answer.is_success  # names of schedules and keys are each tenant's own
        return
    assert MARK not in answer.text
    if "{task_id}" in operation.path or "{id}" in operation.path:
        assert answer.status_code in (404, 422)


@pytest.mark.parametrize(("operation", "who"), CELLS, ids=[f"{o.name} by {w.name}" for o, w in CELLS])
async def test_a_call_is_let_in_exactly_if_the_role_allows_it(
    guarded: Guarded, operation: Operation, who: Who
) -> None:
    answer = await guarded.perform(who, operation)

    if who is NOBODY and (operation.role is not None or operation.name == "create_token"):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    elif who.may(operation):
        assert answer.status_code != 401
        assert answer.status_code < 500
        assert answer.status_code != 403
    else:
        assert answer.status_code == 403
        assert operation.method == "HEAD" or f"the role {operation.role}" in answer.text


def test_only_what_tells_of_the_gateway_itself_is_open_to_everybody() -> None:
    assert {operation.name for operation in OPERATIONS if operation.role is None} == {
        "get_health",
        "get_liveness",
        "get_readiness",
        "get_metrics",
        "get_openapi",
        "get_asyncapi",
        "get_docs",
        "get_docs_file",
        "create_token",  # asks for a key by itself: any will do
    }
