"""All that Redis holds of a cell, in one question; tasks are asked for again only when they have changed."""

from typing import Any

from redis.asyncio import Redis
from support.scheduler import keyspace

from xqueue_common.cell import Cell
from xqueue_common.task import TaskRow

_DUMP = """
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local kind, value = redis.call('TYPE', key).ok, false
  if kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'string' then value = redis.call('GET', key) end
  if value then found[#found + 1] = { key, kind, value } end
end
return found
"""

Hash = dict[str, bytes]
Zset = dict[str, float]


class Picture:
    """What Redis held of a cell at one moment: keys by what stands behind the cell's base."""

    def __init__(self, keys: dict[str, Any], tasks: dict[str, TaskRow]) -> None:
        self.keys = keys
        self.tasks = tasks

    def hash(self, name: str) -> Hash:
        """Return a hash; empty if it is not there."""
        found: Hash = self.keys.get(name, {})
        return found

    def zset(self, name: str) -> Zset:
        """Return a sorted set; empty if it is not there."""
        found: Zset = self.keys.get(name, {})
        return found

    def named(self, prefix: str) -> dict[str, Any]:
        """Return the keys of a family by their names."""
        return {name[len(prefix) :]: value for name, value in self.keys.items() if name.startswith(prefix)}

    def number(self, field: str) -> float:
        """Return a number of the head."""
        return float(self.hash("").get(field, b"0"))

    def due_ms(self, task_id: str) -> int | None:
        """Return when the timer of a task is due."""
        due = self.zset("timers").get(task_id)
        return None if due is None else int(due)


class Camera:
    """Takes pictures of one cell."""

    def __init__(self, redis: Redis, cell: Cell) -> None:
        self._redis = redis
        self._cell = cell
        self._known: dict[str, tuple[bytes, TaskRow]] = {}

    async def picture(self) -> Picture:
        """Return what Redis holds now."""
        keys = {name: _text(value) for name, value in (await self.plain()).items()}
        raw = {name[2:]: value for name, value in keys.items() if name.startswith("t:")}
        return Picture(keys, {task_id: await self._row(task_id, value) for task_id, value in raw.items()})

    async def plain(self) -> keyspace.Plain:
        """Return the same as `keyspace.plain`, ten times as fast."""
        skip = len(self._cell.base)
        found: Any = await self._redis.eval(_DUMP, 0, f"{self._cell.base}*")
        return {key.decode()[skip:]: _plain(kind, value) for key, kind, value in found}

    async def _row(self, task_id: str, value: bytes) -> TaskRow:
        known = self._known.get(task_id)
        if known is None or known[0] != value:
            row = (await self._cell.read(task_id)).task
            assert row is not None, f"{task_id} cannot be read"
            known = self._known[task_id] = (value, row)
        return known[1]


def _plain(kind: bytes, value: Any) -> Any:
    match kind:
        case b"hash":
            return dict(_pairs(value))
        case b"zset":
            return {name: float(score) for name, score in _pairs(value)}
        case b"set":
            return set(value)
        case _:
            return value


def _pairs(flat: list[bytes]) -> "zip[tuple[bytes, bytes]]":
    return zip(flat[::2], flat[1::2], strict=True)


def _text(value: Any) -> Any:
    """Return the same with names as text."""
    if isinstance(value, dict):
        return {name.decode(): field for name, field in value.items()}
    return {member.decode() for member in value} if isinstance(value, set) else value
