"""What is known of a server after what happened to it."""

import pytest

from xqueue_worker.backends.calls import Answer, Failure
from xqueue_worker.backends.server import Server
from xqueue_worker.backends.settings import BreakerSettings, PoolSettings, ServerSettings

URL = "http://me:secret@gpu:9000/"
WELL = Answer(200, "text/plain", b"", "http://gpu:9000")
REST = Answer(429, "text/plain", b"later", "http://gpu:9000", 5.0)
DEAD = Failure("http://gpu:9000 broke off")


@pytest.fixture
def server() -> Server:
    pool = PoolSettings(name="image", concurrency=2, breaker=BreakerSettings(failures=2, open_s=5))
    return Server(0, ServerSettings(url=URL), pool)


def call(server: Server, came: Answer | Failure, *, now_ms: int = 0, took_s: float = 1.0) -> None:
    server.end(server.begin().permit, came, took_s=took_s, now_ms=now_ms)


def test_it_takes_as_many_calls_at_once_as_it_may(server: Server) -> None:
    first, _ = server.begin(), server.begin()
    assert not server.free(0)
    assert server.lives(0)

    server.end(first.permit, WELL, took_s=1, now_ms=0)
    assert server.free(0)


def test_it_is_told_without_its_credentials(server: Server) -> None:
    call(server, DEAD)
    info = server.info(0)

    assert (info.url, info.pool, info.state) == ("http://gpu:9000", "image", "up")
    assert (info.in_flight, info.calls, info.failures, info.error) == (0, 1, 1, None)
    assert "secret" not in str(info)


def test_its_latency_follows_the_calls_that_went_well(server: Server) -> None:
    call(server, DEAD, took_s=99)
    assert server.latency_s is None

    call(server, WELL, took_s=1)
    call(server, WELL, took_s=2)
    assert server.latency_s == pytest.approx(1.2)


def test_while_its_breaker_is_open_it_is_open_then_probing(server: Server) -> None:
    call(server, DEAD)
    call(server, DEAD)

    assert server.state(4_999) == "open"
    assert server.back_in_ms(1_000) == 4_000
    assert server.info(0).error == DEAD.words
    assert server.state(5_000) == "probing"

    call(server, WELL, now_ms=5_000)
    assert server.state(5_000) == "up"
    assert server.info(5_000).error is None


def test_it_rests_when_it_asks_to(server: Server) -> None:
    call(server, REST)

    assert not server.lives(4_999)
    assert server.lives(5_000)
    assert server.state(0) == "up"
    assert server.info(0).error == "http://gpu:9000 answered 429: later"
    assert (server.failures, server.info(5_000).error) == (0, None)


def test_a_call_that_was_canceled_counts_for_nothing(server: Server) -> None:
    server.give_up(server.begin().permit, 0)

    assert (server.in_flight, server.calls, server.failures) == (0, 0, 0)


def test_health_checks_take_it_out_and_bring_it_back(server: Server) -> None:
    assert not server.checked("health check: no")
    assert server.checked("health check: no")
    assert (server.state(0), server.info(0).error) == ("down", "health check: no")
    assert server.back_in_ms(0) == 4_000

    assert not server.checked(None)
    assert server.checked(None)
    assert (server.state(0), server.info(0).error) == ("up", None)
