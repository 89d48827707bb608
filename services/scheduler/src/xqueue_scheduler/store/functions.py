"""The library of Redis functions: the Lua files in order, behind a prelude generated from the Python types.

So positions of fields, names of keys, codes and defaults are written down once, in Python.
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from msgspec import Struct
from redis.asyncio import Redis

from xqueue_common.cell import Admission, Code
from xqueue_common.task import Backoff, SpecRow, StateRow
from xqueue_scheduler.store.keys import KEYS

LIBRARY = "xqueue"
FILES = (
    "cell", "task", "scope", "limit", "clock", "tenant", "group", "lane", "line", "front", "worker", "model",
    "allocation", "retry", "policy", "estimate", "attempt", "report", "command", "setting", "depend", "schedule",
    "purge", "sharing", "dispatch", "rolling", "outbox", "call", "taking", "claim", "read", "explain",
)  # fmt: skip
"""In the order in which a record passes through them; ``policy`` is one of several."""

POLICY = "fair"

_TASK_ID_SIZE = 36


def _table(values: Mapping[str, Any]) -> str:
    def text(value: Any) -> str:
        return f"'{value}'" if isinstance(value, str) else repr(value)

    return "{ " + ", ".join(f"{name} = {text(value)}" for name, value in values.items()) + " }"


def _places(row: type[Struct]) -> dict[str, int]:
    return {name: i for i, name in enumerate(row.__struct_fields__, 1)}


def _codes(codes: type[IntEnum]) -> dict[str, int]:
    return {code.name: code.value for code in codes}


def form() -> int:
    """Return a number for the form of what the functions keep: of keys, of a task's state and spec.

    A cell of another form was written by another version of us, and is rebuilt from the log when it is taken.
    """
    fields = (StateRow.__struct_fields__, SpecRow.__struct_fields__, sorted(KEYS.items()))
    return crc32(repr(fields).encode())


def _prelude() -> Iterable[str]:
    default = Backoff()
    yield f"#!lua name={LIBRARY}"
    yield f"local FORM = {form()}"
    yield f"local KEY = {_table({name: key.suffix for name, key in KEYS.items()})}"
    yield f"local S = {_table(_places(StateRow))}"
    yield f"local P = {_table(_places(SpecRow))}"
    size = len(StateRow.__struct_fields__)
    yield f"local N_STATE, STATE_HEADER, ID_SIZE = {size}, '\\220\\0\\{size}', {_TASK_ID_SIZE}"
    # The array of a spec and the header of its first field: the task id, which the value of a task does not repeat.
    yield f"local SPEC_HEADER = '\\220\\0\\{len(SpecRow.__struct_fields__)}\\217\\{_TASK_ID_SIZE}'"
    yield f"local CODE = {_table(_codes(Code))}"
    yield f"local ADMISSION = {_table(_codes(Admission))}"
    yield f"local BACKOFF = {_table({name: getattr(default, name) for name in Backoff.__struct_fields__})}"
    # One table a file, which it fills. All exist beforehand: functions of different files call one another.
    names = [name.capitalize() for name in FILES]
    yield f"local {', '.join(names)} = {', '.join('{}' for _ in names)}"
    yield "local C  -- what the call under way knows: see cell.lua"


def policy_text(name: str = POLICY) -> str:
    """Return the text of a policy that comes with us."""
    return (files("xqueue_scheduler") / "lua" / "policy" / f"{name}.lua").read_text(encoding="utf-8")


def lua_files() -> dict[str, str]:
    """Return the text of each Lua file by its name."""
    folder = files("xqueue_scheduler") / "lua"
    names = (name for name in FILES if name != "policy")
    texts = {name: (folder / f"{name}.lua").read_text(encoding="utf-8") for name in names}
    return {name: texts.get(name) or policy_text() for name in FILES}


@cache
def source(policy: str | None = None) -> str:
    """Return the whole library as one Lua text; ``policy`` is the text of another policy than ours."""
    texts = lua_files() | ({} if policy is None else {"policy": policy})
    bodies = (f"do\n{text}\nend" for text in texts.values())
    return "\n".join([*_prelude(), *bodies])


def digest() -> str:
    """Return a short name for this very text of the library."""
    return hashlib.sha256(source().encode()).hexdigest()[:12]


async def load(redis: Redis) -> None:
    """Load the library, replacing another version of it."""
    await redis.function_load(source(), replace=True)
