"""Keys, tokens, rates and quotas at a gateway that asks for them, and the trail of who did what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import websockets
from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Answer, Door, gateway
from support.eventually import eventually

from xqueue_common.kafka.tail import Tail
from xqueue_common.registry.records import read_audit
from xqueue_embedded import Kafka, Redis
from xqueue_gateway.access.secret import new_secret

TIERS = {
    "tier_requests": "standard=1000,tiny=3",
    "tier_open_tasks": "small=2",
    "tier_submissions": "small=1000,daily=3",
}


class Installation:
    """A gateway that asks for keys, and how its operator talks to it."""

    def __init__(self, played: PlayedCell, door: Door, operator_key: str) -> None:
        self.played = played
        self.door = door
        self.operator_key = operator_key

    async def ask(self, key: str | None, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with a key."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            return await self.door.bare(method, path, content=msgspec.json.encode(body), headers=sent)
        return await self.door.bare(method, path, headers=sent)

    @asynccontextmanager
    async def listening(self, headers: dict[str, str]) -> AsyncIterator[websockets.ClientConnection]:
        """Connect to the WebSocket, and wait until it says that it listens."""
        url = f"{self.door.url.replace('http', 'ws', 1)}/api/v1/ws/tasks"
        async with websockets.connect(url, proxy=None, additional_headers=headers) as socket:
            assert msgspec.json.decode(await socket.recv())["event"] == "subscribed"
            yield socket

    async def key(self, tenant: str, *roles: str, **more: Any) -> dict[str, Any]:
        """Make a key."""
        body = {"tenant": tenant, "roles": roles or ["submit", "read"], **more}
        answer = await self.ask(self.operator_key, "POST", "/api/v1/keys", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture(scope="module")
async def installation(
    kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """A gateway that asks for keys."""
    secret, history = new_secret(), tmp_path_factory.mktemp("access") / "history.db"
    async with playing(kafka, redis_server, "access", f"sqlite:///{history}") as played:
        played.keeps = True
        async with gateway(
            played, operator_key=secret, jwt_secret="s" * 64, auth="required", **TIERS, ws_max_connections=10
        ) as door:
            yield Installation(played, door, secret)


async def test_before_the_first_key_this_machine_is_believed_and_then_nobody_is(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door, gateway(own_cell) as other:
        assert (await door.get("/api/v1/queues")).status_code == 200
        made = await door.post({"tenant": "acme", "roles": ["read"]}, "/api/v1/keys")
        assert made.status_code == 201
        assert (await door.get("/api/v1/queues")).status_code == 401

        async def asks_too() -> bool:
            return (await other.get("/api/v1/queues")).status_code == 401

        await eventually(asks_too)
        bearer = {"Authorization": f"Bearer {made.json()['key']}"}
        assert (await other.bare("GET", "/api/v1/queues", headers=bearer)).status_code == 200
    async with gateway(own_cell) as again:
        assert (await again.get("/api/v1/queues")).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer xq_no",
        "bearer xq_" + "n" * 43,
        "Basic YTpi",
        "Bearer a.b.c",
        "Bearer " + "x" * 20_000,
        "é",
    ],
)
async def test_what_is_no_good_key_is_refused(installation: Installation, authorization: str) -> None:
    answer = await installation.door.bare(
        "GET", "/api/v1/tasks", headers={"Authorization": authorization.encode("latin-1")}
    )

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["field"] == "Authorization"


async def test_a_key_is_shown_once_and_worth_nothing_once_revoked(installation: Installation) -> None:
    made = await installation.key("shown", "read", note="for the dashboard")
    assert (await installation.ask(made["key"], "GET", "/api/v1/tasks")).status_code == 200

    listed = await installation.ask(installation.operator_key, "GET", "/api/v1/keys")
    [shown] = [key for key in listed.json()["items"] if key["id"] == made["id"]]
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert made["key"] not in listed.text

    path = f"/api/v1/keys/{made['id']}"
    assert (await installation.ask(installation.operator_key, "DELETE", path)).status_code == 204
    assert (await installation.ask(made["key"], "GET", "/api/v1/tasks")).status_code == 401
    assert (await installation.ask(installation.operator_key, "GET", path)).json()["revoked_at"]


async def test_a_rotated_key_has_a_successor_while_it_still_counts(installation: Installation) -> None:
    made = await installation.key("rotated", "read")
    path = f"/api/v1/keys/{made['id']}/rotate"

    successor = (await installation.ask(installation.operator_key, "POST", path)).json()
    both = [
        (await installation.ask(key, "GET", "/api/v1/tasks")).status_code for key in (made["key"], successor["key"])
    ]
    assert both == [200, 200]

    last = (await installation.ask(installation.operator_key, "POST", path, {"overlap": 0})).json()
    old = [
        (await installation.ask(one["key"], "GET", "/api/v1/tasks")).status_code for one in (made, successor, last)
    ]
    assert old == [401, 401, 200]


async def test_a_tenant_gives_itself_no_more_than_it_has(installation: Installation) -> None:
    admin = (await installation.key("modest", "admin"))["key"]

    async def status(**wanted: Any) -> int:
        return (await installation.ask(admin, "POST", "/api/v1/keys", {"roles": ["read"], **wanted})).status_code

    assert await status() == 201
    assert await status(tier="standard", tenant="modest") == 201
    assert await status(tier="small") == 403
    assert await status(tenant="other") == 403
    assert await status(tenant="*") == 403
    assert (await installation.ask(admin, "GET", "/api/v1/tasks", None, X_XQ_Tenant="other")).status_code == 403
    assert (
        await installation.ask(installation.operator_key, "POST", "/api/v1/keys", {"roles": ["read"], "tier": "no"})
    ).status_code == 422


async def test_an_operator_sees_all_tenants_and_acts_for_one_that_it_names(installation: Installation) -> None:
    task = await installation.ask(
        installation.operator_key, "POST", "/api/v1/tasks", {"type": "noop"}, X_XQ_Tenant="served"
    )
    assert task.json()["tenant"] == "served"
    path = f"/api/v1/tasks/{task.json()['task_id']}"

    seen = [
        await installation.ask(installation.operator_key, "GET", path),
        await installation.ask(installation.operator_key, "GET", path, None, X_XQ_Tenant="served"),
        await installation.ask(installation.operator_key, "GET", path, None, X_XQ_Tenant="other"),
    ]

    assert [answer.status_code for answer in seen] == [200, 200, 404]


async def test_a_token_stands_for_its_key_and_falls_with_it(installation: Installation) -> None:
    made = await installation.key("tokened", "read")
    given = (await installation.ask(made["key"], "POST", "/api/v1/auth/token", {"expires_in": 60})).json()
    token = given["access_token"]
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 60)

    assert (await installation.ask(token, "GET", "/api/v1/tasks")).status_code == 200
    assert (await installation.ask(token, "POST", "/api/v1/tasks", {"type": "noop"})).status_code == 403
    assert (await installation.ask(token, "POST", "/api/v1/auth/token")).status_code == 403
    assert (await installation.door.bare("GET", f"/api/v1/tasks?access_token={token}")).status_code == 200
    url = f"{installation.door.url.replace('http', 'ws', 1)}/api/v1/ws/tasks?access_token={token}&queue=q"
    async with websockets.connect(url, proxy=None) as socket:
        assert msgspec.json.decode(await socket.recv())["event"] == "subscribed"

    await installation.ask(installation.operator_key, "DELETE", f"/api/v1/keys/{made['id']}")
    assert (await installation.ask(token, "GET", "/api/v1/tasks")).status_code == 401


async def test_a_key_in_an_address_is_refused_for_addresses_are_logged(installation: Installation) -> None:
    made = await installation.key("logged", "read")

    answer = await installation.door.bare("GET", f"/api/v1/tasks?access_token={made['key']}")

    assert answer.status_code == 401
    assert "POST /api/v1/auth/token" in answer.text


async def test_a_websocket_asks_for_a_key_as_well(installation: Installation) -> None:
    url = f"{installation.door.url.replace('http', 'ws', 1)}/api/v1/ws/tasks"
    submitter = (await installation.key("streaming", "submit"))["key"]

    for headers, status in (({}, 401), ({"Authorization": f"Bearer {submitter}"}, 403)):
        with pytest.raises(websockets.InvalidStatus) as caught:
            await websockets.connect(url, proxy=None, additional_headers=headers)
        assert caught.value.response.status_code == status


async def test_streams_end_with_the_key_that_let_them_in(installation: Installation) -> None:
    made, task = await installation.key("leaving", "read"), await installation.key("leaving", "submit")
    bearer = {"Authorization": f"Bearer {made['key']}"}
    waiting = (
        await installation.ask(task["key"], "POST", "/api/v1/tasks", {"type": "noop", "delay": 3_000})
    ).json()
    stream = installation.door.of("leaving").events(waiting["task_id"], bearer=made["key"])
    async with installation.listening(bearer) as socket, stream as events:
        assert (await events.next()) is not None

        await installation.ask(installation.operator_key, "DELETE", f"/api/v1/keys/{made['id']}")

        assert await events.rest() == []
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            async for _ in socket:
                pass  # what happened to the task before
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, "revoked" in caught.value.rcvd.reason) == (1008, True)


async def test_a_tier_sets_how_fast_one_may_ask(installation: Installation) -> None:
    key = (await installation.key("hasty", "read", tier="tiny"))["key"]

    answers = [await installation.ask(key, "GET", "/api/v1/queues") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["ratelimit-policy"] == '"tiny";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 20
    assert answers[3].json()["type"] == "urn:xqueue:problem:too-fast"
    other = (await installation.key("hasty", "read", tier="tiny"))["key"]
    assert (await installation.ask(other, "GET", "/api/v1/queues")).status_code == 200


async def test_a_tenant_has_no_more_open_tasks_than_its_tier_allows(installation: Installation) -> None:
    key = (await installation.key("crowded", "submit", tier="small"))["key"]
    body = {"tasks": [{"type": "noop", "delay": 3_000}] * 3}

    items = (await installation.ask(key, "POST", "/api/v1/tasks/batch", body)).json()["items"]

    assert [("error" in item) for item in items] == [False, False, True]
    assert items[2]["error"]["status"] == 429
    await installation.ask(key, "DELETE", f"/api/v1/tasks/{items[0]['task_id']}")
    assert (await installation.ask(key, "POST", "/api/v1/tasks", {"type": "noop"})).status_code == 202


async def test_a_tenant_submits_no_more_a_day_than_its_tier_allows(installation: Installation) -> None:
    key = (await installation.key("daily", "submit", tier="daily"))["key"]

    statuses = [
        (await installation.ask(key, "POST", "/api/v1/tasks", {"type": "noop"})).status_code for _ in range(4)
    ]

    assert statuses == [202, 202, 202, 429]


async def test_a_tenant_changes_no_queue_in_which_others_have_tasks(installation: Installation) -> None:
    admin = (await installation.key("neighbour", "admin"))["key"]
    other = (await installation.key("resident", "submit"))["key"]
    path = "/api/v1/queues/shared-house"
    assert (await installation.ask(admin, "PUT", path, {"max_concurrency": 5})).status_code == 201
    task = (
        await installation.ask(
            other, "POST", "/api/v1/tasks", {"type": "noop", "queue": "shared-house", "delay": 3_000}
        )
    ).json()

    calls = [
        ("POST", f"{path}/pause", None),
        ("PATCH", path, {"max_size": 1}),
        ("PUT", path, {"max_concurrency": 4}),
        ("DELETE", f"{path}?force=true", None),
    ]
    for method, where, body in calls:
        answer = await installation.ask(admin, method, where, body)
        assert answer.status_code == 403, answer.text
    assert (await installation.ask(admin, "POST", f"{path}/purge")).status_code == 202
    assert (await installation.ask(installation.operator_key, "GET", f"/api/v1/tasks/{task['task_id']}")).json()[
        "status"
    ] == "scheduled"
    assert (await installation.ask(installation.operator_key, "POST", f"{path}/pause")).status_code == 200


async def test_what_one_tenant_put_on_a_queue_another_may_take_off_but_not_what_the_operator_did(
    installation: Installation,
) -> None:
    first, held_up = [(await installation.key(tenant, "admin"))["key"] for tenant in ("first", "held-up")]
    path = "/api/v1/queues/common-room"
    for ask in (("PUT", path, {"max_concurrency": 1}), ("POST", f"{path}/pause")):
        assert (await installation.ask(first, *ask)).status_code in (200, 201)
    for key in (first, held_up):
        order = {"type": "noop", "queue": "common-room", "delay": 3_000}
        assert (await installation.ask(key, "POST", "/api/v1/tasks", order)).status_code == 202

    assert (await installation.ask(held_up, "PATCH", path, {"max_concurrency": 2})).status_code == 403
    assert (await installation.ask(held_up, "POST", f"{path}/resume")).json()["paused"] is False
    assert (await installation.ask(held_up, "PATCH", path, {"max_concurrency": None})).status_code == 200
    assert (await installation.ask(first, "POST", f"{path}/pause")).status_code == 403

    assert (await installation.ask(installation.operator_key, "POST", f"{path}/pause")).status_code == 200
    for key in (first, held_up):
        assert (await installation.ask(key, "POST", f"{path}/resume")).status_code == 403


async def test_who_waits_for_a_task_learns_nothing_once_the_key_is_revoked(installation: Installation) -> None:
    key = await installation.key("leaver", "submit", "read")
    submitted = await installation.ask(key["key"], "POST", "/api/v1/tasks", {"type": "noop", "delay": 3_000})
    task = f"/api/v1/tasks/{submitted.json()['task_id']}"
    waiting = asyncio.create_task(installation.ask(key["key"], "GET", f"{task}?wait=60"))
    assert (await installation.ask(key["key"], "GET", task)).json()["status"] == "scheduled"

    revoked = await installation.ask(installation.operator_key, "DELETE", f"/api/v1/keys/{key['id']}")
    canceled = await installation.ask(installation.operator_key, "DELETE", task)
    answer = await waiting

    assert (revoked.status_code, canceled.status_code) == (204, 202)
    assert answer.status_code == 401, answer.text
    assert answer.json()["detail"] == "the key has been revoked or has expired"


async def test_who_says_twice_who_they_are_is_not_let_in(installation: Installation) -> None:
    one, other = [(await installation.key(tenant, "read"))["key"] for tenant in ("one", "other")]
    headers = [("Authorization", f"Bearer {one}"), ("Authorization", f"Bearer {other}")]

    answers = [
        await installation.door.bare("GET", "/api/v1/tasks", headers=headers),
        await installation.door.bare("GET", "/api/v1/tasks?access_token=a&access_token=b"),
        await installation.door.bare("GET", "/api/v1/tasks?access_token=", headers=headers[:1]),
    ]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert {answer.json()["errors"][0]["message"] for answer in answers} == {"given more than once"}


async def test_what_administrators_do_stands_in_the_log_with_who_did_it(installation: Installation) -> None:
    admin = await installation.key("watched", "admin")
    reader = await installation.key("watched", "read")
    await installation.ask(admin["key"], "PUT", "/api/v1/limits/key/hot", {"weight": 2})
    await installation.ask(admin["key"], "PUT", "/api/v1/limits/type/ocr", {"weight": 2})
    await installation.ask(reader["key"], "DELETE", "/api/v1/limits/key/hot")
    await installation.ask(reader["key"], "GET", "/api/v1/limits")
    await installation.ask(new_secret(), "DELETE", "/api/v1/limits/key/hot")

    played = installation.played
    tail = Tail(played.bootstrap, played.topics.audit, 0, client_id="audit")
    await tail.start(0)
    try:
        end = await tail.end()
        acts = [read_audit(record.value) async for some in tail.read_to(end) for record in some]
    finally:
        await tail.stop()

    seen = [(a.actor, a.operation, a.target, a.status) for a in acts if a.tenant == "watched"]
    assert seen == [
        (admin["id"], "put_limit", "/api/v1/limits/key/hot", 200),
        (admin["id"], "put_limit", "/api/v1/limits/type/ocr", 403),
        (reader["id"], "delete_limit", "/api/v1/limits/key/hot", 403),
    ]
    assert [a.operation for a in acts if a.actor == "operator"].count("create_key") >= 2
