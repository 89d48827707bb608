"""Pools against real servers: who gets a call, and what becomes of it when one fails."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from integration.worker.model_servers import ModelServer, answering, pool_of, serving
from support.eventually import eventually

from xqueue_worker import Fail
from xqueue_worker.backends import BackendOutcomeUnknown, BackendRefused, BackendUnavailable
from xqueue_worker.backends.calls import Answer, Call
from xqueue_worker.backends.pool import Pool
from xqueue_worker.backends.settings import BreakerSettings, HealthSettings

FOR_LONG = 60.0
OFTEN = HealthSettings(every_s=0.05, timeout_s=1, down_after=2, up_after=2)


@pytest.fixture
async def servers() -> AsyncIterator[list[ModelServer]]:
    async with serving(3) as running:
        yield running


async def send(pool: Pool, *, idempotent: bool = True, key: str = "me", within_s: float = FOR_LONG) -> Answer:
    return await pool.send(Call("/work", lambda: b"ask", {}, idempotent, key), within_s)


def reached(servers: list[ModelServer]) -> list[int]:
    return [len(server.bodies) for server in servers]


def states(pool: Pool) -> list[str]:
    return [info.state for info in pool.infos()]


async def test_calls_go_round(servers: list[ModelServer]) -> None:
    async with pool_of(servers, policy="round_robin") as pool:
        answers = [await send(pool) for _ in range(6)]

    assert reached(servers) == [2, 2, 2]
    assert [(it.status, it.body, it.content_type) for it in answers] == [(200, b"done", "text/plain")] * 6
    assert {it.server for it in answers} == {server.url for server in servers}


async def test_a_key_keeps_its_server_until_that_one_is_gone(servers: list[ModelServer]) -> None:
    async with pool_of(servers, policy="by_key") as pool:
        first = await send(pool)
        home = next(server for server in servers if server.url == first.server)
        assert {(await send(pool)).server for _ in range(5)} == {home.url}

        await home.stop()
        moved = await send(pool)
        assert moved.server != home.url

        await home.start()
        assert (await send(pool)).server == home.url


@pytest.mark.parametrize("trouble", ["gone", "error", "breaks off", "silent"])
async def test_what_may_be_repeated_goes_to_another_server(servers: list[ModelServer], trouble: str) -> None:
    bad = servers[0]
    match trouble:
        case "gone":
            await bad.stop()
        case "error":
            bad.behaves = answering(500, "out of memory")
        case "breaks off":
            bad.behaves = bad.break_off
        case "silent":
            bad.behaves = bad.hang
    async with pool_of(servers, policy="round_robin", timeout_s=0.5) as pool:
        assert (await send(pool)).server == servers[1].url
        assert [(info.calls, info.failures) for info in pool.infos()] == [(1, 1), (1, 0), (0, 0)]


@pytest.mark.parametrize("trouble", ["error", "breaks off"])
async def test_what_must_not_be_repeated_fails_for_good_once_it_was_sent(
    servers: list[ModelServer], trouble: str
) -> None:
    servers[0].behaves = answering(500) if trouble == "error" else servers[0].break_off
    async with pool_of(servers, policy="round_robin") as pool:
        with pytest.raises(BackendOutcomeUnknown, match="may have been done"):
            await send(pool, idempotent=False)

    assert reached(servers) == [1, 0, 0]


async def test_what_must_not_be_repeated_goes_on_while_it_was_not_sent(servers: list[ModelServer]) -> None:
    await servers[0].stop()
    await servers[1].stop()
    async with pool_of(servers, policy="round_robin") as pool:
        assert (await send(pool, idempotent=False)).server == servers[2].url


async def test_a_wrong_request_is_refused_once_and_for_all(servers: list[ModelServer]) -> None:
    for server in servers:
        server.behaves = answering(422, "prompt: too long")
    async with pool_of(servers) as pool:
        with pytest.raises(BackendRefused, match=r"'models': .* answered 422: prompt: too long") as refused:
            await send(pool)

        assert refused.value.status == 422
        assert sum(reached(servers)) == 1
        assert sum(info.failures for info in pool.infos()) == 0


async def test_each_server_is_tried_once_and_then_the_task_is_retried(servers: list[ModelServer]) -> None:
    for server in servers:
        server.behaves = answering(500, "no memory")
    async with pool_of(servers) as pool:
        with pytest.raises(BackendUnavailable, match=r"'models'.*no memory.*no memory.*no memory"):
            await send(pool)

    assert reached(servers) == [1, 1, 1]


async def test_who_asks_for_rest_is_left_alone_for_so_long(servers: list[ModelServer]) -> None:
    servers[0].behaves = answering(429, "later", Retry_After="30")
    async with pool_of(servers, policy="round_robin") as pool:
        assert {(await send(pool)).server for _ in range(5)} == {servers[1].url, servers[2].url}

    assert reached(servers)[0] == 1


async def test_when_all_ask_for_rest_the_task_waits_as_long_as_the_first_of_them_asks() -> None:
    async with serving(2) as servers:
        servers[0].behaves = answering(429, Retry_After="30")
        servers[1].behaves = answering(429, Retry_After="20")
        async with pool_of(servers) as pool:
            with pytest.raises(BackendUnavailable) as away:
                await send(pool)

    assert away.value.after == pytest.approx(20, abs=2)


async def test_no_server_gets_more_calls_at_once_than_it_may(servers: list[ModelServer]) -> None:
    go_on = asyncio.Event()
    at_once, most = 0, 0

    async def work(_request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go_on.wait()
        at_once -= 1
        return aiohttp.web.Response()

    servers[0].behaves = work
    async with pool_of(servers[:1], concurrency=2) as pool:
        calls = [asyncio.create_task(send(pool)) for _ in range(6)]
        await eventually(lambda: at_once == 2 and pool.waiting == 4)
        go_on.set()
        await asyncio.gather(*calls)

    assert most == 2
    assert reached(servers)[0] == 6


async def test_who_waits_too_long_for_a_place_is_told(servers: list[ModelServer]) -> None:
    servers[0].behaves = servers[0].hang
    async with pool_of(servers[:1], concurrency=1, wait_s=0.1) as pool:
        first = asyncio.create_task(send(pool))
        await servers[0].reached.wait()
        with pytest.raises(BackendUnavailable, match=f"{servers[0].url} has 1 calls"):
            await send(pool)
        first.cancel()


async def test_a_call_ends_with_its_attempt(servers: list[ModelServer]) -> None:
    for server in servers:
        server.behaves = server.hang
    async with pool_of(servers) as pool:
        with pytest.raises(BackendUnavailable, match="did not answer within"):
            await send(pool, within_s=0.2)


async def test_being_canceled_hangs_up_and_counts_for_nothing(servers: list[ModelServer]) -> None:
    servers[0].behaves = servers[0].hang
    async with pool_of(servers[:1]) as pool:
        call = asyncio.create_task(send(pool))
        await servers[0].reached.wait()
        call.cancel()
        await servers[0].hung_up.wait()
        await asyncio.wait({call})

        [info] = pool.infos()
        assert call.cancelled()
        assert (info.in_flight, info.calls, info.failures) == (0, 0, 0)


async def test_a_server_that_dies_is_left_alone_and_comes_back(servers: list[ModelServer]) -> None:
    async with pool_of(servers, policy="round_robin", health=OFTEN) as pool:
        await servers[0].stop()
        await eventually(lambda: states(pool) == ["down", "up", "up"])
        assert {(await send(pool)).server for _ in range(4)} == {servers[1].url, servers[2].url}

        await servers[0].start()
        await eventually(lambda: states(pool) == ["up", "up", "up"])
        assert {(await send(pool)).server for _ in range(3)} == {server.url for server in servers}


async def test_a_server_that_says_it_is_not_well_gets_no_calls(servers: list[ModelServer]) -> None:
    servers[0].well = False
    async with pool_of(servers[:1], health=OFTEN) as pool:
        await eventually(lambda: states(pool) == ["down"])
        with pytest.raises(BackendUnavailable, match=r"is down .*503: loading the model"):
            await send(pool)

        assert reached(servers)[0] == 0


async def test_the_breaker_opens_lets_one_call_through_and_closes(servers: list[ModelServer]) -> None:
    servers[0].behaves = answering(500)
    async with pool_of(servers[:1], breaker=BreakerSettings(failures=2, open_s=0.2)) as pool:
        for _ in range(2):
            with pytest.raises(BackendUnavailable):
                await send(pool)
        with pytest.raises(BackendUnavailable, match="is open"):
            await send(pool)
        assert reached(servers)[0] == 2

        servers[0].behaves = answering()
        await eventually(lambda: states(pool) == ["probing"])
        assert (await send(pool)).status == 200
        assert states(pool) == ["up"]


async def test_while_one_call_probes_the_others_wait_for_what_it_shows(servers: list[ModelServer]) -> None:
    servers[0].behaves = answering(500)
    async with pool_of(servers[:1], breaker=BreakerSettings(failures=1, open_s=0.01)) as pool:
        with pytest.raises(BackendUnavailable):
            await send(pool)
        go_on = asyncio.Event()

        async def work(_request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
            await go_on.wait()
            return aiohttp.web.Response()

        servers[0].behaves = work
        await eventually(lambda: states(pool) == ["probing"])
        calls = [asyncio.create_task(send(pool)) for _ in range(4)]
        await eventually(lambda: pool.waiting == 3)
        assert reached(servers)[0] == 2

        go_on.set()
        assert [answer.status for answer in await asyncio.gather(*calls)] == [200] * 4


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(servers: list[ModelServer]) -> None:
    servers[0].behaves = answering(200, "x" * (2 << 20))
    async with pool_of(servers[:1], max_answer_mb=1) as pool:
        with pytest.raises(BackendUnavailable, match="more than 1048576 bytes"):
            await send(pool)


async def test_credentials_are_sent_and_not_shown(servers: list[ModelServer]) -> None:
    servers[0].behaves = answering(500)
    url = servers[0].url.replace("//", "//me:s%20ecret@")
    async with pool_of([], urls=[url]) as pool:
        with pytest.raises(BackendUnavailable) as away:
            await send(pool)

        assert servers[0].keys == [aiohttp.encode_basic_auth("me", "s ecret")]
        assert "ecret" not in f"{away.value}{pool.infos()}"


async def test_what_making_the_body_raises_is_not_the_servers_fault(servers: list[ModelServer]) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"some"
        msg = "the artifact is gone"
        raise Fail(msg)

    async with pool_of(servers[:1]) as pool:
        with pytest.raises(Fail, match="artifact is gone"):
            await pool.send(Call("/work", body, {}, idempotent=True, key=""), FOR_LONG)
        assert [(info.calls, info.failures) for info in pool.infos()] == [(0, 0)]
