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
    "scheduled": Key("d:", Kind.SET, "task", "a member: while its task is scheduled", named=True),
    "limits": Key("limits", Kind.HASH, "limit", "a field: while an operator limits the scope"),
    "rates": Key("rates", Kind.HASH, "limit", "a field: while an operator limits the scope's rate"),
    "refills": Key("refills", Kind.ZSET, "limit", "a member: while its scope has no token"),
    "estimates": Key("estimates", Kind.HASH, "estimate", "for ever"),
    "clocks": Key("clocks", Kind.ZSET, "clock", "a member: while a tenant is ready at the level"),
    "rests": Key("rests", Kind.HASH, "clock", "a field: until no tenant has open tasks"),
    "tenant": Key("n:", Kind.STRING, "tenant", "while it has tasks, and until its turn has passed", named=True),
    "idle": Key("idle", Kind.ZSET, "tenant", "a member: while the tenant has a record and no open tasks"),
    "group": Key("g:", Kind.STRING, "group", "while the key has open tasks", named=True),
    "queue": Key("q:", Kind.ZSET, "lane", "while tasks of the group wait at the level", named=True),
    "turns": Key("u:", Kind.ZSET, "lane", "while a group of the tenant may run at the level", named=True),
    "ready": Key("r:", Kind.ZSET, "lane", "while a tenant may run at the level", named=True),
    "best": Key("b:", Kind.ZSET, "lane", "while a level of the priority may run on the profile", named=True),
    "tops": Key("h:", Kind.ZSET, "lane", "while a level may run on the profile", named=True),
    "members": Key("m:", Kind.SET, "group", "while tasks of the group wait at the level", named=True),
    "levels": Key("levels", Kind.HASH, "lane", "a field: while tasks wait at the level"),
    "settings": Key("c:", Kind.HASH, "setting", "a field: while the setting is set", named=True),
    "kids": Key("k:", Kind.SET, "depend", "while open tasks depend on the task", named=True),
    "waiters": Key("v:", Kind.SET, "depend", "while tasks wait for the task, or have not been told", named=True),
    "fallen": Key("fallen", Kind.ZSET, "depend", "a member: while the ended task has waiters"),
    "runs": Key("runs", Kind.ZSET, "schedule", "a member: while the schedule has a next run"),
    "lasts": Key("lasts", Kind.HASH, "schedule", "a field: while the schedule is set"),
    "purges": Key("purges", Kind.HASH, "purge", "a field: while the purge has more to do"),
    "workers": Key("workers", Kind.HASH, "worker", "a field: while its worker lives"),
    "beats": Key("beats", Kind.ZSET, "worker", "a member: while its worker lives"),
    "profiles": Key("profiles", Kind.HASH, "worker", "a field: while a worker has the profile"),
    "free": Key("f:", Kind.ZSET, "worker", "while a worker of the profile has a free slot", named=True),
    "holders": Key("l:", Kind.SET, "model", "a member: while its worker lives and holds the model", named=True),
    "passed": Key("passed", Kind.HASH, "model", "a field: while the level may run and is passed over"),
    "claims": Key("claims", Kind.HASH, "attempt", "a field: while the claimed attempt runs"),
    "opens": Key("opens", Kind.LIST, "rolling", "an entry: until it is at the front and its task has ended"),
    "marks": Key("marks", Kind.LIST, "rolling", "an entry: until the low-water mark has passed it"),
    "outbox": Key("o:", Kind.LIST, "outbox", "until its call is told", named=True),
    "totals": Key("totals", Kind.HASH, "outbox", "for ever"),
    "open": Key("open", Kind.HASH, "outbox", "for ever"),
    "inboxes": Key("inboxes", Kind.HASH, "claim", "a field: until its lease has run out and another takes it"),
}
"""All families beside the head itself (``cell.lua``), which is the base with nothing behind it."""
