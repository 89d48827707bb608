"""`xqueue keys`, `token`, `webhooks`, `audit`, `statistics` and `logs`: what they ask for, print, and refuse."""

import msgspec
import pytest
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
from unit.client.played_gateway import PlayedGateway, Run

from xqueue_client.command.exits import Exit


def test_a_key_is_printed_alone_and_everything_else_is_news(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["POST /keys"] = (201, ISSUED_KEY)

    status, out, news = xqueue("keys", "create", "--tenant", "acme", "--role", "submit,read", "--role", "read")

    assert (status, out) == (Exit.OK, "xq_abcdefgh\n")
    assert "key_0123456789abcdef of tenant acme: submit, read. This key will not be shown again" in news
    [asked] = gateway.asked
    assert asked.body == {"roles": ["submit", "read"], "tenant": "acme"}
    assert "authorization" not in asked.headers


def test_for_programs_it_is_one_document(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["POST /keys"] = (201, ISSUED_KEY)
    gateway.answers["POST /keys/key_1/rotate"] = (200, ISSUED_KEY)
    flags = ("--role", "admin", "--tenant", "*", "--tier", "premium", "--expires-in", "30d", "--note", "ops")

    status, out, news = xqueue("--json", "keys", "create", *flags)
    rotated = xqueue("keys", "rotate", "key_1", "--overlap", "90m", "--json")

    assert (status, news) == (Exit.OK, "")
    assert msgspec.json.decode(out) == ISSUED_KEY
    assert (rotated[0], msgspec.json.decode(rotated[1]), rotated[2]) == (Exit.OK, ISSUED_KEY, "")
    created, rotating = gateway.asked
    assert created.body == {
        "roles": ["admin"],
        "tenant": "*",
        "tier": "premium",
        "note": "ops",
        "expires_in": 2_592_000,
    }
    assert "x-xq-tenant" not in created.headers
    assert rotating.body == {"overlap": 5_400}


def test_keys_are_listed_with_how_they_stand(gateway: PlayedGateway, xqueue: Run) -> None:
    past, future = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    ends = [{"expires_at": future}, {"expires_at": past}, {"expires_at": future, "revoked_at": past}]
    gateway.answers["GET /keys"] = (200, {"items": [KEY, *(KEY | end for end in ends)]})

    status, out, _ = xqueue("keys", "list")
    lines = xqueue("keys", "list", "--json")[1].splitlines()

    assert status == Exit.OK
    for line, state in zip(out.splitlines()[1:], ("never", "valid", "expired", "revoked"), strict=True):
        assert "acme" in line
        assert state in line
    assert [msgspec.json.decode(line)["id"] for line in lines] == [KEY["id"]] * 4


def test_a_key_is_revoked_quietly(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["DELETE /keys/key_1"] = (204, None)

    assert xqueue("keys", "revoke", "key_1") == (Exit.OK, "", "")
    assert xqueue("keys", "revoke", "key_2")[0] == Exit.REFUSED


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "a valid API key, which an operator makes: xqueue keys create"), (403, "an API key that may do this")],
)
def test_who_is_not_let_in_is_told_what_to_do(gateway: PlayedGateway, xqueue: Run, status: int, words: str) -> None:
    gateway.answers["GET /instances"] = (status, {"status": status, "title": "no", "detail": "no key"})

    code, _, problems = xqueue("instances")

    assert code == Exit.REFUSED
    assert problems == f"error: no key (set XQ_API_KEY to {words})\n"


def test_a_token_is_printed_alone(gateway: PlayedGateway, xqueue: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XQ_API_KEY", "xq_mine")
    gateway.answers["POST /auth/token"] = (200, TOKEN)

    assert xqueue("token", "--expires-in", "1h") == (Exit.OK, "a.b.c\n", "")
    assert msgspec.json.decode(xqueue("token", "--json")[1]) == TOKEN
    assert [asked.body for asked in gateway.asked] == [{"expires_in": 3_600}, {}]
    assert gateway.bearer == "Bearer xq_mine"


def test_webhooks_from_making_to_removal(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers = {
        "POST /webhooks": (201, ISSUED_WEBHOOK),
        "GET /webhooks": (200, {"items": [WEBHOOK, WEBHOOK | {"events": ["failed"], "disabled": "gone"}]}),
        "GET /webhooks/wh_1": (200, WEBHOOK),
        "PATCH /webhooks/wh_1": (200, WEBHOOK),
        "POST /webhooks/wh_1/rotate": (200, ISSUED_WEBHOOK),
        "DELETE /webhooks/wh_1": (204, None),
    }

    made = xqueue("webhooks", "create", "https://shop.test/hook", "--event", "failed,timeout", "--queue", "q")
    listed = xqueue("webhooks", "list")[1].splitlines()
    shown = [xqueue("webhooks", name, "wh_1")[1] for name in ("get", "show")]
    xqueue("webhooks", "update", "wh_1", "--new-url", "https://b.test", "--event", "none", "--queue", "none")
    for flag in ("--disable", "--enable"):
        xqueue("webhooks", "update", "wh_1", flag)
    rotated = xqueue("webhooks", "rotate", "wh_1", "--overlap", "0", "--json")
    removed = xqueue("webhooks", "delete", "wh_1")

    assert made[:2] == (Exit.OK, ISSUED_WEBHOOK["secret"] + "\n")
    assert "will not be shown again" in made[2]
    assert "final" in listed[1]
    assert "disabled: gone" in listed[2]
    assert shown[0] == shown[1]
    assert "https://shop.test/hook" in shown[0]
    assert msgspec.json.decode(rotated[1]) == ISSUED_WEBHOOK
    assert removed == (Exit.OK, "", "")
    bodies = [asked.body for asked in gateway.asked if asked.body is not None]
    assert bodies == [
        {"url": "https://shop.test/hook", "events": ["failed", "timeout"], "queue": "q"},
        {"events": None, "queue": None, "url": "https://b.test"},
        {"disabled": True},
        {"disabled": False},
        {"overlap": 0},
    ]


def test_deliveries_are_listed_and_told_again(gateway: PlayedGateway, xqueue: Run) -> None:
    page = (200, {"items": [DELIVERY, DELIVERY | {"state": "delivered", "tries": []}], "next_cursor": None})
    gateway.answers = {"GET /webhooks/wh_1/deliveries": page, "GET /tasks/t1/deliveries": page}
    gateway.answers["POST /deliveries/msg_1/replay"] = (202, DELIVERY)

    commands = (["webhooks", "deliveries", "wh_1"], ["tasks", "deliveries", "t1"], ["deliveries", "t1"])
    for command in commands:
        status, out, _ = xqueue(*command)
        assert status == Exit.OK
        assert [("waiting" in line, "500" in line) for line in out.splitlines()[1:]] == [
            (True, True),
            (False, False),
        ]
    again = xqueue("webhooks", "replay", "msg_1")

    assert (again[0], "msg_1" in again[1]) == (Exit.OK, True)


def test_acts_are_listed(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["GET /audit"] = (200, {"items": [ACT] * 3, "next_cursor": "more"})

    status, out, _ = xqueue("audit", "--actor", "key_1", "--operation", "pause_queue", "--limit", "2")
    xqueue("audit", "--since", "2030-01-01T00:00:00+01:00", "--limit", "1")

    assert status == Exit.OK
    assert [line.split()[2:4] for line in out.splitlines()[1:]] == [["key_0123456789abcdef", "*"]] * 2
    assert gateway.lines == [
        "GET /audit?actor=key_1&operation=pause_queue&limit=2",
        "GET /audit?since=2029-12-31T23%3A00%3A00%2B00%3A00&limit=1",
    ]


def test_statistics_are_a_table(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["GET /statistics/tasks"] = (200, {"items": [COUNTS]})

    status, out, _ = xqueue("statistics", "--by", "queue,hour", "--since", "2030-01-01T00:00:00Z")
    document = msgspec.json.decode(xqueue("statistics", "--json", "--by", "queue")[1])

    heads, row = (line.split() for line in out.splitlines())
    assert status == Exit.OK
    assert heads[:4] == ["QUEUE", "HOUR", "SUBMITTED", "SUCCESS"]
    assert (row[0], *row[3:]) == ("images", "5", "3", "1", "0", "1", "0.100", "0.250", "-", "-")
    assert gateway.lines[0].endswith("?since=2030-01-01T00%3A00%3A00%2B00%3A00&group_by=queue%2Chour")
    assert (document["queue"], document["wait"]["p50"]) == ("images", 0.1)


def test_what_a_handler_logged_is_shown_as_it_was_written(gateway: PlayedGateway, xqueue: Run) -> None:
    gateway.answers["GET /tasks/t1/logs"] = (200, {"items": [LINE], "next_cursor": None})

    _, out, _ = xqueue("tasks", "logs", "t1")
    document = msgspec.json.decode(xqueue("logs", "t1", "--json")[1])

    assert out.endswith("info: half way [50 %]\n")
    assert document == LINE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["keys", "create"], "--role: say what the key may do: submit, read, admin"),
        (["keys", "create", "--role", "root"], "--role: 'root' is no role: submit, read, admin"),
        (["keys", "create", "--role", "read,"], "--role: '' is no role"),
        (["keys", "create", "--role", "read", "--expires-in", "soon"], "--expires-in: 'soon' is no span of time"),
        (["keys", "create", "--role", "read", "--expires-in", "1w"], "write 30d, 12h, 90m, 45s or seconds"),
        (["keys", "create", "--role", "read", "--expires-in", "9" * 10], "--expires-in: "),
        (["keys", "rotate", "key_1", "--overlap", ""], "--overlap: '' is no span of time"),
        (["token"], "XQ_API_KEY: set it"),
        (["audit", "--since", "yesterday"], "--since: 'yesterday' is no time: write 24h"),
        (["audit", "--since", "999999999d"], "--since: '999999999d' is no time"),
        (["statistics", "--until", "2030-02-30"], "--until: '2030-02-30' is no time"),
        (["statistics", "--by", "queue,colour"], "--by: tasks cannot be grouped by 'colour'"),
        (["webhooks", "update", "wh_1"], "say what to change"),
    ],
)
def test_a_wrong_argument_is_named_on_one_line_and_nothing_is_asked(
    gateway: PlayedGateway, xqueue: Run, arguments: list[str], words: str
) -> None:
    status, out, problems = xqueue(*arguments)

    assert (status, out, problems.count("\n")) == (Exit.USAGE, "", 1)
    assert problems.startswith("error: ")
    assert words in problems
    assert gateway.asked == []
