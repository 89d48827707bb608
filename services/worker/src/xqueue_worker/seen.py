"""Which attempts have come already: a new owner of the cell sends again what the old one may not have sent."""


class Seen:
    """Remembers at least the last ``keep`` tokens, and at most twice as many."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._new: set[str] = set()
        self._old: set[str] = set()

    def again(self, token: str) -> bool:
        """Whether this token has come before; it is remembered now."""
        if token in self._new or token in self._old:
            return True
        if len(self._new) >= self._keep:
            self._old, self._new = self._new, set()
        self._new.add(token)
        return False
