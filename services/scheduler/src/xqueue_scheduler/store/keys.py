"""Every key of a cell: its base (``xqueue_common.cell.base_key``) and a suffix.

The Lua files know the suffixes by the names given here (``KEY.task`` …).
"""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The type of a Redis value."""

    HASH = "hash"
    LIST = "list"
    SET = "set"
    STRING = "string"
    ZSET = "zset"


class Key(NamedTuple):
    """One family of keys.

    Attributes:
        suffix: what stands behind the base; a name follows if ``named``.
        kind: its type.
        owner: the Lua file that writes it.
        lifetime: when it goes away.
    """

    suffix: str
    kind: Kind
    owner: str
    lifetime: str
    named: bool = False


KEYS: dict[str, Key] = {
    "task": Key("t:", Kind.STRING, "task", "minutes after the task has ended", named=True),
    "payload": Key("p:", Kind.STRING, "task", "with its task's end", named=True),
    "timers": Key("timers", Kind.ZSET, "task", "a member: until its task is neither waiting nor running"),
    "scope": Key("s:", Kind.SET, "scope", "while an attempt holds a slot", named=True),
    "group": Key("g:", Kind.STRING, "group", "while the key has open tasks", named=True),
    "queue": Key("q:", Kind.ZSET, "lane", "while tasks of the group wait in the lane", named=True),
    "ready": Key("r:", Kind.ZSET, "lane", "while a group of the lane may run", named=True),
    "lanes": Key("lanes", Kind.ZSET, "lane", "a member: while a group of the lane may run"),
    "best": Key("b:", Kind.ZSET, "lane", "while a worker has the profile", named=True),
    "workers": Key("workers", Kind.HASH, "worker", "a field: while its worker lives"),
    "beats": Key("beats", Kind.ZSET, "worker", "a member: while its worker lives"),
    "profiles": Key("profiles", Kind.HASH, "worker", "a field: while a worker has the profile"),
    "free": Key("f:", Kind.ZSET, "worker", "while a worker of the profile has a free slot", named=True),
    "claims": Key("claims", Kind.HASH, "attempt", "a field: while the claimed attempt runs"),
    "opens": Key("opens", Kind.LIST, "rolling", "an entry: until it is at the front and its task has ended"),
    "marks": Key("marks", Kind.LIST, "rolling", "an entry: until the low-water mark has passed it"),
    "outbox": Key("o:", Kind.LIST, "outbox", "until its call is told", named=True),
    "totals": Key("totals", Kind.HASH, "outbox", "for ever"),
    "open": Key("open", Kind.HASH, "outbox", "for ever"),
    "inboxes": Key("inboxes", Kind.HASH, "claim", "a field: until its lease has run out and another takes it"),
}
"""All families beside the head itself (``cell.lua``), which is the base with nothing behind it."""
