"""Whether a webhook is believed: known signatures, and everything that may be wrong with one."""

from typing import Any

import msgspec
import pytest
from unit.client.answering import SNAPSHOT
from unit.client.signing import SECRET, signed

from xqueue_client.webhooks import BadSecret, BadWebhook, verify

NOW = 1_893_456_000
EVENT: dict[str, Any] = {"type": "success", "timestamp": "2030-01-01T00:00:00Z", "data": SNAPSHOT}
BODY = msgspec.json.encode(EVENT)


def judged(headers: dict[str, str], *, body: bytes = BODY, secret: str = SECRET, now: float = NOW) -> Any:
    return verify(body, headers, secret, clock=lambda: now)


def test_a_genuine_one_is_read() -> None:
    event = judged(signed(BODY, at=NOW))

    assert (event.id, event.type, event.timestamp.year) == ("msg_1", "success", 2030)
    assert event.task.task_id == "t1"


def test_the_vector_that_everybody_knows() -> None:
    """The one of the first implementations; its body is no event of ours, which is seen once it is believed."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'

    with pytest.raises(BadWebhook, match="its body is none of ours"):
        judged(headers, body=body, now=1_614_265_330)
    with pytest.raises(BadWebhook, match="no signature is right"):
        judged(headers, body=body + b" ", now=1_614_265_330)


def test_headers_may_be_capitalised() -> None:
    headers = {name.title(): text for name, text in signed(BODY, at=NOW).items()}

    assert judged(headers).type == "success"


def test_a_secret_may_be_a_plain_text() -> None:
    headers = signed(BODY, at=NOW, secret="gehäim")  # noqa: S106  # of nobody

    assert judged(headers, secret="gehäim").type == "success"  # noqa: S106  # of nobody


def test_one_right_signature_among_others_is_enough() -> None:
    headers = signed(BODY, at=NOW)
    headers["webhook-signature"] = f"v1a,xyz v2,abc v1, {headers['webhook-signature']}"

    assert judged(headers).id == "msg_1"


@pytest.mark.parametrize("late", [-301, -300, 0, 300, 301])
def test_it_may_be_five_minutes_old_or_ahead(late: int) -> None:
    headers = signed(BODY, at=NOW - late)

    if abs(late) <= 300:
        assert judged(headers).id == "msg_1"
    else:
        with pytest.raises(BadWebhook, match="by this clock"):
            judged(headers)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("webhook-id", "", "no header webhook-id"),
        ("webhook-id", "msg_2", "no signature"),
        ("webhook-id", "msg_\ud800", "no signature"),
        ("webhook-timestamp", "soon", "no number"),
        ("webhook-timestamp", "-1", "no number"),
        ("webhook-timestamp", "nan", "no number"),
        ("webhook-timestamp", "9" * 5_000, "no number"),
        ("webhook-timestamp", str(NOW + 1), "no signature"),
        ("webhook-signature", "", "no header webhook-signature"),
        ("webhook-signature", "v1,", "no signature"),
        ("webhook-signature", "v1,ünïcödé\ud800", "no signature"),
        ("webhook-signature", "v2,abc", "no signature"),
    ],
)
def test_what_was_tampered_with_is_refused(name: str, text: str, why: str) -> None:
    with pytest.raises(BadWebhook, match=why):
        judged({**signed(BODY, at=NOW), name: text})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_no_header_may_be_missing(name: str) -> None:
    headers = signed(BODY, at=NOW)
    del headers[name]

    with pytest.raises(BadWebhook, match=name):
        judged(headers)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"type": 1}'])
def test_a_signed_body_that_is_none_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook, match="its body is none of ours"):
        judged(signed(body, at=NOW), body=body)


def test_another_secret_does_not_do() -> None:
    with pytest.raises(BadWebhook, match="no signature is right"):
        judged(signed(BODY, at=NOW), secret="whsec_AAAA")  # noqa: S106  # of nobody


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_abc", "whsec_gehäim"])
def test_what_is_no_secret_is_said_so(secret: str) -> None:
    with pytest.raises(BadSecret, match="whsec_"):
        judged(signed(BODY, at=NOW), secret=secret)


def test_an_event_about_something_else_than_a_task_keeps_its_data() -> None:
    body = msgspec.json.encode(EVENT | {"data": {"hello": 1}})

    event = judged(signed(body, at=NOW), body=body)

    assert event.data == {"hello": 1}
    with pytest.raises(msgspec.ValidationError):
        _ = event.task
