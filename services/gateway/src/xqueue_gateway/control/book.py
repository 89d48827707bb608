"""The gateway's own copy of what is set for queues, tenants and keys, so that submissions need not ask.

Three sources fill it: what the status log says, what a change of ours has led to, and all settings at once, read
now and then. Each comes with how far the commands were applied, and what is older than what stands here is passed
over: a change that was answered is never taken back for a moment by the log that tells of the one before it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from xqueue_common.limits import Limit, QueueSettings, key_setting, queue_setting, tenant_setting
from xqueue_gateway.control.queue_view import defaults_of
from xqueue_gateway.submissions.spec import Defaults

Rule = QueueSettings | Limit
KINDS = ("queue", "limit")
"""The kinds of settings that stand here."""

_NO_SETTINGS = QueueSettings()
_DEFAULTS = Defaults()


class _Entry(NamedTuple):
    mark: int
    """It holds what all commands below this offset have led to."""
    rule: Rule | None
    defaults: Defaults


class Book:
    """What is set in one cell, by the name of the setting. Only touched from the event loop's thread."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def note(self, name: str, commands: int, rule: Rule | None) -> bool:
        """Take in a setting.

        Args:
            name: of the setting.
            commands: all below this offset were applied; from the log: before the call that made it so.
            rule: what is set; None: nothing any more.
        """
        entry = self._entries.get(name)
        if not name.startswith(KINDS) or (entry is not None and commands < entry.mark):
            return False
        self._set(name, commands, rule)
        return True

    def replace(self, commands: int, rules: Mapping[str, Rule]) -> None:
        """Take in all settings, read after the cell had applied all commands below ``commands``."""
        for name in {*rules, *self._entries}:
            entry = self._entries.get(name)
            # Of the same position the log may have told news: calls without commands change settings too.
            if entry is None or entry.mark < commands:
                self._set(name, commands, rules.get(name))
                if name not in rules:
                    del self._entries[name]

    def queue(self, queue: str) -> QueueSettings:
        """Return what is set for a queue."""
        rule = self._rule(queue_setting(queue))
        return rule if isinstance(rule, QueueSettings) else _NO_SETTINGS

    def has_queue(self, queue: str) -> bool:
        """Whether somebody has made this queue."""
        return isinstance(self._rule(queue_setting(queue)), QueueSettings)

    def defaults(self, queue: str) -> Defaults:
        """Return what submissions to a queue get that do not say."""
        entry = self._entries.get(queue_setting(queue))
        return _DEFAULTS if entry is None else entry.defaults

    def tenant(self, tenant: str) -> Limit | None:
        """Return what is pinned for a tenant."""
        return self._limit(tenant_setting(tenant))

    def key(self, tenant: str, key: str) -> Limit | None:
        """Return what is pinned for a concurrency key."""
        return self._limit(key_setting(tenant, key))

    def _limit(self, name: str) -> Limit | None:
        rule = self._rule(name)
        return rule if isinstance(rule, Limit) else None

    def _rule(self, name: str) -> Rule | None:
        entry = self._entries.get(name)
        return None if entry is None else entry.rule

    def _set(self, name: str, mark: int, rule: Rule | None) -> None:
        defaults = defaults_of(rule) if isinstance(rule, QueueSettings) else _DEFAULTS
        self._entries[name] = _Entry(mark, rule, defaults)
