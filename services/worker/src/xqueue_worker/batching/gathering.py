"""Who waits for whom: attempts gather in batches until these are full or due. Pure; times come in from outside."""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class _Open(Generic[T]):
    __slots__ = ("due_ms", "items")

    def __init__(self, due_ms: int) -> None:
        self.items: dict[T, None] = {}
        self.due_ms = due_ms


class Gathering(Generic[T]):
    """The batches that have not begun, by their key. Within a batch the order is that of coming."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Open[T]] = {}
        self._keys: dict[T, Hashable] = {}

    def __len__(self) -> int:
        """How many wait, in all batches."""
        return len(self._keys)

    def __contains__(self, item: T) -> bool:
        """Whether this one waits."""
        return item in self._keys

    def waiting(self) -> list[T]:
        """Return all that wait."""
        return list(self._keys)

    def add(self, key: Hashable, item: T, *, due_ms: int, most: int) -> list[T] | None:
        """Let one wait; returns its batch if that is full now, which no longer waits then.

        ``due_ms`` is when this one will have waited long enough; a batch is due with the first of its members.
        """
        batch = self._open.get(key)
        if batch is None:
            batch = self._open[key] = _Open(due_ms)
        batch.items[item] = None
        batch.due_ms = min(batch.due_ms, due_ms)
        self._keys[item] = key
        return self._take(key) if len(batch.items) >= most else None

    def remove(self, item: T) -> None:
        """Let one wait no longer; its batch goes on waiting if there are others."""
        key = self._keys.pop(item)
        batch = self._open[key]
        del batch.items[item]
        if not batch.items:
            del self._open[key]

    def next_due_ms(self) -> int | None:
        """Return when the next batch is due; None: nobody waits."""
        return min((batch.due_ms for batch in self._open.values()), default=None)

    def take_due(self, now_ms: int) -> list[list[T]]:
        """Return the batches that are due by now; they no longer wait."""
        return [self._take(key) for key, batch in list(self._open.items()) if batch.due_ms <= now_ms]

    def take_all(self) -> list[list[T]]:
        """Return all batches; nobody waits any longer."""
        return [self._take(key) for key in list(self._open)]

    def _take(self, key: Hashable) -> list[T]:
        items = list(self._open.pop(key).items)
        for item in items:
            del self._keys[item]
        return items
