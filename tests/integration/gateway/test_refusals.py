"""Whatever a client sends, it is told what is wrong with it, and the gateway goes on.

Each case yields its 4xx as problem details that name a field and a remedy; afterwards tasks are taken as before.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import websockets
from integration.gateway.running import Answer, Door
from support.bad_orders import ORDERS
from support.bad_requests import CASES, JSON, MESSAGES, TASKS, Case

from xqueue_gateway.http import protocol

GOOD = b"GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
async def goes_on(door: Door, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """After each case tasks are taken as before, and nobody has logged a mistake."""
    yield
    assert (await door.submit())["status"] == "pending"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def assert_tells(answer: Answer, status: int, field: str | None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told.keys() == {"type", "title", "status", "detail", "errors"}
    assert told["status"] == status
    assert all(error["message"] and error["hint"] for error in told["errors"])
    assert told["errors"]
    if field is not None:
        assert told["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "case", [*CASES, *ORDERS], ids=lambda case: f"{case.status} {case.method} {case.path[:40]} {case.body[:40]!r}"
)
async def test_the_client_is_told_what_is_wrong(door: Door, case: Case) -> None:
    answer = await door.ask(case.method, case.path, content=case.body, headers=case.headers)

    assert_tells(answer, case.status, case.field)
    if case.status == 405:
        assert answer.headers["Allow"]


async def test_a_body_in_pieces_that_grows_too_large_is_refused(door: Door) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 50_000

    answer = await door.ask("POST", TASKS, content=pieces(), headers=JSON)

    assert_tells(answer, 413, "body")


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/a" * 50_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_hardly_http_gets_a_4xx_or_no_answer(door: Door, raw: bytes) -> None:
    answer = await said_to(door, raw)

    assert answer == b"" or answer.split()[1].startswith(b"4"), answer


async def test_a_head_that_is_too_large_is_refused(door: Door) -> None:
    answer = await said_to(door, GOOD.replace(b"\r\n\r\n", b"\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"), ends=False)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.endswith(b"65536 bytes: send less, or a body")


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"GET /", b"a" * 16_384),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 16_384),
        (b"GET / HTTP/1.1\r\n", b"X: 1\r\n" * 2_048),
        (b"POST /api/v1/tasks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: ", b"a" * 16_384),
        (b"POST /api/v1/tasks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X: 1\r\n" * 2_048),
        (b"POST /api/v1/tasks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=", b"a" * 16_384),
    ],
)
async def test_no_head_grows_for_ever(door: Door, begun: bytes, more: bytes) -> None:
    reader, writer = await door.dial()

    async def send_for_ever() -> None:
        writer.write(begun)
        while True:
            writer.write(more)
            await writer.drain()

    sending, answer = asyncio.create_task(send_for_ever()), b""
    async with asyncio.timeout(protocol.HEAD_S / 2):
        with suppress(ConnectionError):  # what is sent after the end may cost us the answer
            answer = await reader.read()
        with pytest.raises(ConnectionError):
            await sending
    writer.close()

    assert answer[:13] in (b"", b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "garbage", [b"GARBAGE\x00\xff\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n"]
)
async def test_garbage_behind_a_good_request_ends_the_connection(door: Door, garbage: bytes) -> None:
    answer = await said_to(door, GOOD + garbage, ends=False)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer)[-1] == b"400"


async def test_requests_sent_at_once_are_answered_in_their_order(door: Door) -> None:
    bad = b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

    answer = await said_to(door, GOOD + bad + GOOD.replace(b"x\r\n", b"x\r\nConnection: close\r\n"), ends=False)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"422", b"200"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {"Authorization": "Bearer " + "x" * 30_000}),
        (400, {"Authorization": "\x7f"}),
        (422, {"X-XQ-Tenant": "a\x80"}),
        (422, {"X-XQ-Tenant": "a", "x-xq-tenant": "b"}),
        (422, {"Idempotency-Key": "a", "idempotency-key": "a"}),
        (200, {f"X-{n}": "x" * 100 for n in range(90)}),
        (200, {"Cookie": "a=" * 5_000, "Accept": "nonsense", "Expect": "nothing"}),
    ],
)
async def test_headers_of_any_kind_are_borne(door: Door, status: int, headers: dict[str, str]) -> None:
    raw = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1")

    line = b"GET /api/v1/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = await said_to(door, line + raw + b"\r\n", ends=False)

    assert answer.split()[1] == b"%d" % status


@pytest.mark.parametrize(
    "path", ["/api/v1/tasks", "/api/v1/queues/default", "/api/v1/limits/key/a", "/v1/queue/status", "/docs"]
)
async def test_a_path_says_which_methods_it_takes(door: Door, path: str) -> None:
    asked = await door.ask("OPTIONS", path)
    wrong = await door.ask("TRACE", path)

    assert asked.status_code == 204
    assert set(asked.headers["Allow"].split(", ")) == set(wrong.headers["Allow"].split(", "))
    for method in {"HEAD", "PUT", "DELETE"} - set(asked.headers["Allow"].split(", ")):
        assert (await door.ask(method, path)).status_code == 405


async def test_a_client_that_goes_away_in_the_middle_harms_nobody(door: Door) -> None:
    begun = (
        b"POST /api/v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )

    assert await said_to(door, begun, reads=False) == b""


async def said_to(door: Door, raw: bytes, *, reads: bool = True, ends: bool = True) -> bytes:
    reader, writer = await door.dial()
    writer.write(raw)
    await writer.drain()
    answer = b""
    if reads:
        if ends:  # to the gateway this client is gone then
            writer.write_eof()
        async with asyncio.timeout(30):
            answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(("said", "field"), MESSAGES)
async def test_a_bad_message_is_answered_and_the_connection_goes_on(
    door: Door, said: str | bytes, field: str
) -> None:
    async with door.subscribed() as subscription:
        await subscription.socket.send(said)
        answer = await subscription.next()
        if answer["event"] == "subscribed":  # a good message about a task that is not there
            answer = await subscription.next()

        assert answer["event"] == "error"
        assert answer["error"]["errors"][0]["field"] == field
        assert (await subscription.ask(op="subscribe"))["event"] == "subscribed"


@pytest.mark.parametrize(
    ("status", "query", "headers"),
    [
        (403, "", {"Origin": "https://evil.example"}),
        (403, "", {"Origin": "null"}),
        (422, "?state=success", {}),
        (422, "?status=done", {}),
        (422, "?task_id=x", {}),
        (422, "?queue=%00", {}),
        (422, "?queue=%ff", {}),
        (422, "?after=1", {}),
        (422, "", {"X-XQ-Tenant": "a b"}),
    ],
)
async def test_a_connection_that_cannot_be_served_is_refused_with_the_reason(
    door: Door, status: int, query: str, headers: dict[str, str]
) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with door.connected(query, headers=headers):
            pass

    refusal: Any = caught.value.response
    assert refusal.status_code == status
    assert msgspec.json.decode(refusal.body)["errors"][0]["hint"]


async def test_a_message_that_is_too_large_ends_the_connection_and_nothing_else(door: Door) -> None:
    async with door.subscribed() as subscription:
        await subscription.socket.send("x" * 100_000)
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await subscription.next()

    assert caught.value.rcvd
    assert caught.value.rcvd.code == 1009


async def test_text_that_is_no_text_ends_the_connection_and_nothing_else(door: Door) -> None:
    async with door.subscribed() as subscription:
        await subscription.socket.send(b'{"op": "\xff"}', text=True)
        with pytest.raises(websockets.ConnectionClosedError) as caught:
            await subscription.next()

    assert caught.value.rcvd
    assert caught.value.rcvd.code == 1007


async def test_a_flood_of_subscriptions_is_borne_up_to_the_bound(door: Door) -> None:
    async with door.subscribed() as subscription:
        for number in range(150):
            await subscription.socket.send(f'{{"op": "subscribe", "filter": {{"queue": "q{number}"}}}}')
        told = [await subscription.next() for _ in range(150)]

        assert [message["event"] for message in told] == ["subscribed"] * 100 + ["error"] * 50
        assert len(told[99]["filters"]) == 100
        assert (await subscription.ask(op="unsubscribe"))["filters"] == []


async def test_a_refused_handshake_is_no_mistake_of_ours(door: Door) -> None:
    url = f"{door.url.replace('http', 'ws', 1)}/nowhere"

    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(url, proxy=None)

    assert caught.value.response.status_code == 404


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", GOOD + b"GET / HT"])
async def test_nobody_holds_a_connection_without_asking_for_something(
    door: Door, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    reader, writer = await door.dial()
    writer.write(begun)

    async with asyncio.timeout(30):
        said = await reader.read()

    assert said.count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")
    assert b"HTTP/1.1 408 Request Timeout" in said
    writer.close()


async def test_a_connection_may_be_kept_between_requests(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    reader, writer = await door.dial()
    writer.write(GOOD)
    await reader.readuntil(b"}")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await reader.read()
    writer.write(GOOD)

    async with asyncio.timeout(30):
        assert b"HTTP/1.1 200" in await reader.readuntil(b"}")
    writer.close()
