"""Sending: what is temporary is sent again, as the same task; what is final is told at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2
import pytest
from unit.client.answering import Answer, Answering, async_door, door, json, problem, snapshot

from xqueue_client import InvalidRequest, NotAGateway, Submission, TooManyRequests, Unavailable, Unreachable
from xqueue_client.http import calls
from xqueue_client.http.call import Call

LOST = httpx2.ReadError("the connection was lost")
Send = Callable[[Call[Any], float], Awaitable[Any]]


class Sent:
    """What a door did with a call."""

    def __init__(self, answers: Sequence[Answer], *, blocking: bool) -> None:
        self.gateway = Answering(answers)
        self.pauses: list[float] = []
        self._blocking = blocking

    async def send(self, call: Call[Any], retry_for: float = 1_000.0) -> Any:
        if self._blocking:
            return door(self.gateway, self.pauses.append, retry_for=retry_for).send(call)
        return await async_door(self.gateway, self.pauses.append, retry_for=retry_for).send(call)


Doors = Callable[..., Sent]


@pytest.fixture(params=["blocking", "asyncio"])
def sent(request: pytest.FixtureRequest) -> Doors:
    """Make either door, to which a gateway gives these answers."""
    return lambda *answers: Sent(answers, blocking=request.param == "blocking")


def submission() -> Call[Any]:
    return calls.submit(Submission(type="example", payload={"a": 1}), None)


async def test_after_a_lost_connection_the_same_task_is_sent_again(sent: Doors) -> None:
    exchange = sent(LOST, LOST, snapshot())

    task = await exchange.send(submission())

    assert task.task_id == "t1"
    assert len(set(exchange.gateway.keys)) == 1
    assert exchange.gateway.bodies == [{"type": "example", "payload": {"a": 1}}] * 3


async def test_two_submissions_have_two_keys(sent: Doors) -> None:
    exchange = sent(snapshot(), snapshot())

    await exchange.send(submission())
    await exchange.send(submission())

    assert len(set(exchange.gateway.keys)) == 2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_is_temporary_is_tried_again(sent: Doors, status: int) -> None:
    exchange = sent(problem(status), snapshot())

    assert (await exchange.send(submission())).task_id == "t1"
    assert len(exchange.pauses) == 1


async def test_the_gateway_says_how_long_to_wait(sent: Doors) -> None:
    exchange = sent(problem(503, **{"Retry-After": "7"}), snapshot())

    await exchange.send(submission())

    assert exchange.pauses == [7.0]


async def test_who_is_told_to_come_back_later_than_the_end_of_its_patience_gives_up_at_once(sent: Doors) -> None:
    exchange = sent(problem(429, **{"Retry-After": "7"}))

    with pytest.raises(TooManyRequests) as caught:
        await exchange.send(submission(), retry_for=5.0)

    assert caught.value.retry_after == 7.0
    assert exchange.pauses == []


@pytest.mark.parametrize("answer", [LOST, problem(503)])
async def test_patience_may_be_none(sent: Doors, answer: Answer) -> None:
    with pytest.raises((Unreachable, Unavailable)):
        await sent(answer).send(submission(), retry_for=0.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
async def test_what_is_final_is_told_at_once(sent: Doors, status: int) -> None:
    exchange = sent(problem(status))

    with pytest.raises(Exception, match=r"priority: too high|it is so"):
        await exchange.send(submission())

    assert len(exchange.gateway.asked) == 1


async def test_fields_are_named(sent: Doors) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await sent(problem(422)).send(submission())

    [field] = caught.value.fields
    assert (field.field, field.message, field.hint) == ("priority", "too high", "0 to 255")


@pytest.mark.parametrize(
    "answer", [httpx2.Response(200, text="<html>"), json(200, {"hello": 1}), httpx2.Response(404, text="no")]
)
async def test_another_server_is_told_from_a_gateway(sent: Doors, answer: httpx2.Response) -> None:
    with pytest.raises(NotAGateway, match=r"gateway\.test"):
        await sent(answer).send(submission())


async def test_who_asks_stands_in_the_header(sent: Doors) -> None:
    exchange = sent(snapshot())

    await exchange.send(submission())

    assert exchange.gateway.asked[0].headers["X-XQ-Tenant"] == "t"
