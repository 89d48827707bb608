"""The keys of one cell as Redis holds them: to look at, to lose, and to set back."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from redis.asyncio import Redis

Plain = dict[str, Any]


class Saved(NamedTuple):
    """Every key of a cell at one moment: its value as DUMP gives it, and the ms that it has left (0: for ever)."""

    keys: dict[bytes, tuple[bytes, int]]


async def keys_of(redis: Redis, base: str) -> list[bytes]:
    """Return the names of all keys of the cell."""
    return sorted([key async for key in _scan(redis, base)])


async def save(redis: Redis, base: str) -> Saved:
    """Remember the cell as it is."""
    found: dict[bytes, tuple[bytes, int]] = {}
    for key in await keys_of(redis, base):
        value, ttl_ms = await redis.dump(key), await redis.pttl(key)
        if value is not None:
            found[key] = (value, max(0, ttl_ms))
    return Saved(found)


async def flush(redis: Redis, base: str) -> None:
    """Lose the cell."""
    keys = await keys_of(redis, base)
    if keys:
        await redis.delete(*keys)


async def restore(redis: Redis, base: str, saved: Saved) -> None:
    """Set the cell back to what it was, in one step."""
    async with redis.pipeline(transaction=True) as pipe:
        keys = await keys_of(redis, base)
        if keys:
            pipe.delete(*keys)
        for key, (value, ttl_ms) in saved.keys.items():
            pipe.restore(key, ttl_ms, value, replace=True)
        await pipe.execute()


async def plain(redis: Redis, base: str) -> Plain:
    """Return what all keys hold, as Python values by what stands behind the cell's base."""
    found: Plain = {}
    for key in await keys_of(redis, base):
        name = key.decode().removeprefix(base)
        found[name] = await _value(redis, key)
    return found


async def _value(redis: Redis, key: bytes) -> Any:
    match await redis.type(key):
        case b"hash":
            return await redis.hgetall(key)  # type: ignore[misc]  # redis-py: sync or async
        case b"zset":
            return dict(await redis.zrange(key, 0, -1, withscores=True))
        case b"set":
            return await redis.smembers(key)  # type: ignore[misc]  # redis-py: sync or async
        case b"list":
            return await redis.lrange(key, 0, -1)  # type: ignore[misc]  # redis-py: sync or async
        case _:
            return await redis.get(key)


async def _scan(redis: Redis, base: str) -> AsyncIterator[bytes]:
    async for key in redis.scan_iter(match=f"{base}*", count=1_000):
        yield key
