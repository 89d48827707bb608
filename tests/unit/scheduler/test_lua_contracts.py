"""Each Lua file does what its header says, as far as its text shows: keys, functions, arguments, names."""

import re
from importlib.resources import files
from typing import NamedTuple

import pytest

from xqueue_common.cell import Admission, Code
from xqueue_common.task import SpecRow, StateRow
from xqueue_scheduler.store.functions import FILES, lua_files
from xqueue_scheduler.store.keys import KEYS

HEADER = re.compile(r"--\[\[\n(?P<text>.*?)\n\]\]\n(?P<body>.*)\Z", re.DOTALL)
KEY_LINE = re.compile(r"^  (\(?\w+\)?) {2,}(hash|list|set|string|zset) ", re.MULTILINE)
FUNCTION = re.compile(r"redis\.register_function\{ function_name = '(?P<name>\w+)'.*?\nend \}", re.DOTALL)
TABLES = tuple(name.capitalize() for name in FILES)


class LuaFile(NamedTuple):
    """A file: what its header says, and what it does (comments left out)."""

    name: str
    header: str
    body: str

    @property
    def keys_said(self) -> dict[str, str]:
        """The keys that the header names, with their types; the base itself is none of the families."""
        _, _, said = self.header.partition("\nKeys:\n")
        return {name: kind for name, kind in KEY_LINE.findall(said) if name != "(base)"}

    @property
    def keys_used(self) -> set[str]:
        """The keys that the body uses."""
        return set(re.findall(r"\bKEY\.(\w+)", self.body))

    @property
    def functions(self) -> dict[str, str]:
        """The Redis functions that are registered here, with their text."""
        return {match["name"]: match[0] for match in FUNCTION.finditer(self.body)}


def read(name: str, text: str) -> LuaFile:
    match = HEADER.match(text)
    assert match, f"{name}.lua begins with its contract"
    return LuaFile(name, match["text"], re.sub(r"--[^\n]*", "", match["body"]))


LUA = [read(name, text) for name, text in lua_files().items()]
each_file = pytest.mark.parametrize("lua", LUA, ids=[lua.name for lua in LUA])
each_function = pytest.mark.parametrize(
    ("lua", "function"), [(lua, function) for lua in LUA for function in lua.functions], ids=str
)


def section(lua: LuaFile, function: str) -> str:
    """What the header says of one function."""
    names = "|".join(lua.functions)
    found = re.search(rf"^{function}\b(.*?)(?=^(?:{names})\b|^\S|\Z)", lua.header, re.DOTALL | re.MULTILINE)
    assert found, f"the header of {lua.name}.lua does not tell of {function}"
    return found[1]


def test_every_file_is_in_the_library() -> None:
    found = {path.name for path in (files("xqueue_scheduler") / "lua").iterdir() if path.name.endswith(".lua")}
    assert found == {f"{name}.lua" for name in FILES if name != "policy"}


@each_file
def test_a_header_begins_with_the_files_name_and_its_purpose(lua: LuaFile) -> None:
    first, *_ = lua.header.split("\n")
    titles = {lua.name.capitalize(), {"rolling": "Rolling snapshot"}.get(lua.name)}
    name, _, purpose = first.partition(": ")
    assert name in titles
    assert purpose


@each_file
def test_a_header_names_the_keys_that_its_file_uses_and_no_others(lua: LuaFile) -> None:
    assert set(lua.keys_said) == lua.keys_used


@each_file
def test_a_header_gives_each_key_its_type(lua: LuaFile) -> None:
    assert lua.keys_said == {name: KEYS[name].kind for name in lua.keys_said}


@each_file
def test_a_file_defines_functions_of_its_own_table_only(lua: LuaFile) -> None:
    defined = re.findall(r"^function (\w+)\.\w+", lua.body, re.MULTILINE)
    assert set(defined) <= {lua.name.capitalize()}


@each_file
def test_every_function_that_a_file_calls_is_defined(lua: LuaFile) -> None:
    defined = {name for other in LUA for name in re.findall(r"^function (\w+\.\w+)", other.body, re.MULTILINE)}
    called = set(re.findall(rf"\b((?:{'|'.join(TABLES)})\.\w+)\(", lua.body))
    assert called <= defined


@each_file
def test_every_code_and_field_that_a_file_names_exists(lua: LuaFile) -> None:
    known = {
        "CODE": {code.name for code in Code},
        "ADMISSION": {code.name for code in Admission},
        "S": set(StateRow.__struct_fields__),
        "P": set(SpecRow.__struct_fields__),
    }
    for table, names in known.items():
        assert set(re.findall(rf"\b{table}\.(\w+)", lua.body)) <= names, table


@each_file
def test_no_file_knows_arguments_but_those_that_it_is_handed(lua: LuaFile) -> None:
    assert not re.search(r"\b(KEYS|ARGV)\b", lua.body)
    outside = FUNCTION.sub("", lua.body)
    assert not re.search(r"\b(keys|args)\[", outside)


def test_a_policy_asks_nobody() -> None:
    [policy] = [lua for lua in LUA if lua.name == "policy"]
    assert "redis." not in policy.body


@pytest.mark.parametrize("name", KEYS)
def test_the_owner_of_a_key_uses_it(name: str) -> None:
    [owner] = [lua for lua in LUA if lua.name == KEYS[name].owner]
    assert name in owner.keys_used


@each_function
def test_a_header_tells_the_arguments_of_its_functions(lua: LuaFile, function: str) -> None:
    said = {
        int(number) for number in re.findall(r"(?<![\w.])(\d+)(?=…|:| |, \d)", arguments(section(lua, function)))
    }
    used = {int(number) for number in re.findall(r"\bargs\[(\d+)\]", lua.functions[function])}
    assert used <= said
    assert said - used - {0} <= open_ended(lua.functions[function])


def arguments(text: str) -> str:
    """The part of a function's section that lists its arguments."""
    return text.partition("returns")[0].partition("ARGV")[2]


def open_ended(body: str) -> set[int]:
    """Where a loop over, or a slice of, the rest of the arguments begins."""
    return {int(n) for n in re.findall(r"for \w+ = (\d+), #args|\bargs, (\d+)\)", body) for n in n if n}


@each_function
def test_a_header_tells_what_its_functions_return(lua: LuaFile, function: str) -> None:
    said = section(lua, function).partition("returns")[2]
    codes = set(re.findall(r"\bCODE\.(\w+)", lua.functions[function]))
    assert said
    assert {code for code in codes if code not in said} == set()


@each_function
def test_a_function_that_only_reads_says_so(lua: LuaFile, function: str) -> None:
    assert ("'no-writes'" in lua.functions[function]) is (lua.name in ("read", "explain"))
