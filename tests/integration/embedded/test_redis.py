import redis.asyncio
from redis.exceptions import ResponseError
from support.brokers import MakeRedis

from xqueue_embedded import Redis


async def test_it_takes_keys_and_functions(redis_server: Redis, namespace: str) -> None:
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        await client.set(namespace, "value")
        code = f"#!lua name={namespace}\nredis.register_function('{namespace}', function() return 'called' end)"
        await client.function_load(code)

        assert await client.get(namespace) == "value"
        assert await client.fcall(namespace, 0) == "called"


async def test_it_would_rather_refuse_than_forget(redis_server: Redis) -> None:
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        assert await client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert await client.config_get("save") == {"save": ""}


async def test_after_a_crash_it_is_empty_and_at_the_same_address(private_redis: MakeRedis) -> None:
    server = await private_redis()
    url = server.url
    async with redis.asyncio.from_url(url) as client:
        await client.set("key", "value")

    server.kill()
    await server.wait()
    await server.start()

    assert server.url == url
    async with redis.asyncio.from_url(url) as client:
        assert await client.get("key") is None


async def test_two_private_ones_share_nothing(private_redis: MakeRedis) -> None:
    first, second = await private_redis(), await private_redis()

    assert first.url != second.url
    async with redis.asyncio.from_url(first.url) as one, redis.asyncio.from_url(second.url) as other:
        await one.set("key", "value")
        assert await other.get("key") is None


async def test_it_listens_on_the_loopback_only(redis_server: Redis) -> None:
    async with redis.asyncio.from_url(redis_server.url, decode_responses=True) as client:
        try:
            bound = (await client.config_get("bind"))["bind"]
        except ResponseError as error:
            raise AssertionError from error

    assert bound == "127.0.0.1"
