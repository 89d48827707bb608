"""Talking to Redis: one client, one way to call our functions, one error for whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from redis import asyncio as aioredis
from redis.exceptions import RedisError, ResponseError

from xqueue_common.errors import FunctionFailed, Unavailable

_ANSWER_S = 5.0


def connect(url: str, *, connections: int = 64) -> aioredis.Redis:
    """Return a client whose pool waits for a free connection instead of failing."""
    pool = aioredis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=_ANSWER_S,
        # Bounded by `bounded` instead: with a socket timeout redis-py uses asyncio.wait_for, which on Python 3.11
        # loses a cancellation that comes together with the answer. A loop that was to stop then went on for ever.
        socket_timeout=None,
        socket_connect_timeout=_ANSWER_S,
    )
    return aioredis.Redis(connection_pool=pool)


async def call(redis: aioredis.Redis, function: str, base: str, *args: Any, read_only: bool = False) -> Any:
    """Call a function of the library on one cell.

    Raises:
        FunctionFailed: the function broke off; what it wrote until then stays.
        Unavailable: Redis does not answer, or does not know the function (yet).
    """
    try:
        command = "FCALL_RO" if read_only else "FCALL"
        async with asyncio.timeout(_ANSWER_S):
            return await redis.execute_command(command, function, 1, base, *args)  # type: ignore[no-untyped-call]
    except ResponseError as error:
        raise _refused(error) from error
    except (RedisError, OSError) as error:
        raise redis_away(error) from error


async def calls(redis: aioredis.Redis, function: str, base: str, asked: Iterable[Any]) -> list[Any]:
    """Call a function that only reads once for each argument, in one round trip; answers in the same order.

    Raises:
        Unavailable: Redis does not answer, or does not know the function (yet).
    """
    try:
        async with asyncio.timeout(_ANSWER_S), redis.pipeline(transaction=False) as pipe:
            for argument in asked:
                pipe.execute_command("FCALL_RO", function, 1, base, argument)
            return await pipe.execute()
    except ResponseError as error:
        raise _refused(error) from error
    except (RedisError, OSError) as error:
        raise redis_away(error) from error


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """Bound the wait for plain commands, with our error for whatever goes wrong.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        async with asyncio.timeout(_ANSWER_S):
            yield
    except (RedisError, OSError) as error:
        raise redis_away(error) from error


def redis_away(error: BaseException) -> Unavailable:
    """Return our error for one of the Redis client."""
    part = "redis"
    return Unavailable(part, str(error) or type(error).__name__)


_SCRIPT_FAILED = "script: "
"""Redis puts the function's name behind this when a function breaks off."""


def _refused(error: ResponseError) -> Unavailable | FunctionFailed:
    text = str(error)
    return FunctionFailed(text) if _SCRIPT_FAILED in text else redis_away(error)
