"""Keys, tokens, webhooks, the audit trail and statistics as the SDK asks for them: each client the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from unit.client.answering import SNAPSHOT, URL, Answer, Answering, asks, asks_async, json, problem
from unit.client.documents import (
    ACT,
    COUNTS,
    DELIVERY,
    ISSUED_KEY,
    ISSUED_WEBHOOK,
    KEY,
    LINE,
    TOKEN,
    WEBHOOK,
)

from xqueue_client import (
    AsyncClient,
    Client,
    NotAGateway,
    NotAuthenticated,
    NotPermitted,
    TooManyRequests,
    Unreachable,
)

NO_CONTENT = httpx2.Response(204)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def page(*items: Any, cursor: str | None = None) -> httpx2.Response:
    return json(200, {"items": items, "next_cursor": cursor, "more": "than we know"})


Case = tuple[Callable[[Any], Any], Answer, str, list[Any]]
CASES: dict[str, Case] = {
    "a key is made": (
        lambda c: c.keys.create(["submit"], tenant="acme", expires_in=60),
        json(201, ISSUED_KEY),
        "POST /keys",
        [{"roles": ["submit"], "tenant": "acme", "expires_in": 60}],
    ),
    "keys are listed": (lambda c: c.keys.list(), page(KEY), "GET /keys", []),
    "a key is read": (lambda c: c.keys.get("key_1"), json(200, KEY), "GET /keys/key_1", []),
    "a key is revoked": (lambda c: c.keys.revoke("key_1"), NO_CONTENT, "DELETE /keys/key_1", []),
    "a key is rotated": (lambda c: c.keys.rotate("a/b"), json(200, ISSUED_KEY), "POST /keys/a%2Fb/rotate", [{}]),
    "a key is rotated at once": (
        lambda c: c.keys.rotate("key_1", overlap=0),
        json(200, ISSUED_KEY),
        "POST /keys/key_1/rotate",
        [{"overlap": 0}],
    ),
    "a token is got": (
        lambda c: c.token(expires_in=60),
        json(200, TOKEN),
        "POST /auth/token",
        [{"expires_in": 60}],
    ),
    "a webhook is made": (
        lambda c: c.webhooks.create("https://shop.test/hook", events=["failed"], queue="q"),
        json(201, ISSUED_WEBHOOK),
        "POST /webhooks",
        [{"url": "https://shop.test/hook", "events": ["failed"], "queue": "q"}],
    ),
    "webhooks are listed": (lambda c: c.webhooks.list(), page(WEBHOOK), "GET /webhooks", []),
    "a webhook is read": (lambda c: c.webhooks.get("wh_1"), json(200, WEBHOOK), "GET /webhooks/wh_1", []),
    "a webhook is changed": (
        lambda c: c.webhooks.update("wh_1", queue=None),
        json(200, WEBHOOK),
        "PATCH /webhooks/wh_1",
        [{"queue": None}],
    ),
    "a webhook is removed": (lambda c: c.webhooks.delete("wh_1"), NO_CONTENT, "DELETE /webhooks/wh_1", []),
    "a secret is rotated": (
        lambda c: c.webhooks.rotate("wh_1", overlap=60),
        json(200, ISSUED_WEBHOOK),
        "POST /webhooks/wh_1/rotate",
        [{"overlap": 60}],
    ),
    "something is told again": (
        lambda c: c.webhooks.replay("msg_1"),
        json(202, DELIVERY),
        "POST /deliveries/msg_1/replay",
        [],
    ),
    "tasks are counted": (
        lambda c: c.statistics(group_by=["queue", "hour"], since=NOON),
        json(200, {"items": [COUNTS], "since": "2030-01-01T12:00:00Z", "until": None}),
        "GET /statistics/tasks?since=2030-01-01T12%3A00%3A00%2B00%3A00&group_by=queue%2Chour",
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_both_clients_ask_the_same(name: str) -> None:
    call, answer, line, bodies = CASES[name]

    assert asks(call, answer) == (line, bodies)
    assert await asks_async(call, answer) == (line, bodies)


Listing = tuple[Callable[[Any], Any], Any, str]
LISTINGS: dict[str, Listing] = {
    "what a handler logged": (lambda c: c.logs("t1"), LINE, "/tasks/t1/logs"),
    "what was told about a task": (lambda c: c.deliveries("t1"), DELIVERY, "/tasks/t1/deliveries"),
    "what a URL was told": (lambda c: c.webhooks.deliveries("wh_1"), DELIVERY, "/webhooks/wh_1/deliveries"),
    "administrative acts": (lambda c: c.audit(), ACT, "/audit"),
}


@pytest.mark.parametrize("name", LISTINGS)
async def test_lists_are_read_page_after_page(name: str) -> None:
    call, item, path = LISTINGS[name]
    gateway = Answering([page(item, item, cursor="next"), page(item)] * 2)

    with Client(URL, transport=gateway.transport) as client:
        assert len(list(call(client))) == 3
    async with AsyncClient(URL, transport=gateway.transport) as async_client:
        assert len([one async for one in call(async_client)]) == 3

    asked = [request.url.raw_path.decode().removeprefix("/api/v1") for request in gateway.asked]
    assert asked == [f"{path}?limit=200", f"{path}?limit=200&cursor=next"] * 2


async def test_a_task_in_hand_knows_its_lines_and_what_was_told_of_it() -> None:
    gateway = Answering([json(200, SNAPSHOT), page(LINE), page(DELIVERY)] * 2)

    with Client(URL, transport=gateway.transport) as client:
        task = client.get("t1")
        said = [(line.attempt, line.seq, line.level, line.message) for line in task.logs()]
        told = [(told.state, told.tries[0].error, told.tries[1].status) for told in task.deliveries()]
    async with AsyncClient(URL, transport=gateway.transport) as async_client:
        in_hand = await async_client.get("t1")
        assert [line.seq async for line in in_hand.logs()] == [3]
        assert [told.attempts async for told in in_hand.deliveries()] == [2]

    assert said == [(1, 3, "info", "half way [50 %]")]
    assert told == [("waiting", "nobody answers", 500)]


def test_the_trail_is_narrowed() -> None:
    line, _ = asks(lambda c: list(c.audit(since=NOON, actor="key_1", page_size=5)), page(ACT))

    assert line == "GET /audit?since=2030-01-01T12%3A00%3A00%2B00%3A00&actor=key_1&limit=5"


def test_what_the_gateway_says_beyond_what_we_know_is_left_out() -> None:
    gateway = Answering([json(201, ISSUED_KEY | {"region": "moon"})])

    with Client(URL, transport=gateway.transport) as client:
        made = client.keys.create(["read"])

    assert (made.key, made.tenant, made.roles, made.revoked_at) == ("xq_abcdefgh", "acme", ["submit", "read"], None)


@pytest.mark.parametrize("answer", [json(201, KEY), json(201, [])])
def test_an_answer_without_the_key_is_none(answer: httpx2.Response) -> None:
    with pytest.raises(NotAGateway):
        asks(lambda c: c.keys.create(["read"]), answer)


LOST = httpx2.ReadError("the connection was lost")
ONCE: list[Callable[[Any], Any]] = [
    lambda c: c.keys.create(["read"]),
    lambda c: c.keys.rotate("key_1"),
    lambda c: c.webhooks.create("https://shop.test/hook"),
    lambda c: c.webhooks.rotate("wh_1"),
]


@pytest.mark.parametrize("call", ONCE)
async def test_what_would_be_done_twice_is_not_sent_again_after_a_lost_answer(call: Callable[[Any], Any]) -> None:
    gateway = Answering([LOST, LOST])

    with Client(URL, transport=gateway.transport) as client, pytest.raises(Unreachable):
        call(client)
    async with AsyncClient(URL, transport=gateway.transport) as async_client:
        with pytest.raises(Unreachable):
            await call(async_client)

    assert len(gateway.asked) == 2


def test_but_what_was_surely_not_done_is() -> None:
    gateway = Answering([problem(429), json(201, ISSUED_KEY)])

    with Client(URL, transport=gateway.transport) as client:
        assert client.keys.create(["read"]).key == "xq_abcdefgh"


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, NotAuthenticated, "it is so (set XQ_API_KEY to a valid API key, which an operator makes: "),
        (403, NotPermitted, "it is so (0 to 255, or set XQ_API_KEY to an API key that may do this)"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_do(status: int, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        asks(lambda c: c.stats(), problem(status))

    assert str(caught.value).startswith(words)


def test_who_asks_too_fast_without_a_hint_is_told_when_to_come_again() -> None:
    busy = json(429, {"status": 429, "detail": "busy"}, **{"Retry-After": "30"})

    with pytest.raises(TooManyRequests) as caught:
        asks(lambda c: c.stats(), busy)

    assert (str(caught.value), caught.value.retry_after) == ("busy (try again in 30 s)", 30.0)


async def test_the_key_of_the_environment_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XQ_API_KEY", "xq_secret")
    gateway = Answering([page()] * 3)

    with Client(URL, transport=gateway.transport) as client, Client(URL, api_key="xq_mine") as another:
        client.keys.list()
        assert "xq_" not in repr(client._door.access)
        assert another._door.access.headers["Authorization"] == "Bearer xq_mine"
    async with AsyncClient(URL, transport=gateway.transport) as async_client:
        await async_client.keys.list()
    monkeypatch.setenv("XQ_API_KEY", "")
    with Client(URL, transport=gateway.transport) as client:
        client.keys.list()

    assert [r.headers.get("Authorization") for r in gateway.asked] == ["Bearer xq_secret", "Bearer xq_secret", None]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_no_path_can_name_is_not_asked_for(name: str) -> None:
    with Client("http://127.0.0.1:9") as client:
        for call in (client.keys.get, client.keys.revoke, client.webhooks.get, client.webhooks.replay):
            with pytest.raises(Exception, match="there is no "):
                call(name)
