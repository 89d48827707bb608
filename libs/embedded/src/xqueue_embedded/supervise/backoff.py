"""How long to wait before a child that died is started again."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Backoff:
    """A pause that doubles from one death to the next and begins anew after a life of some length."""

    first_s: float = 0.1
    longest_s: float = 5.0
    well_after_s: float = 10.0
    _next_s: float = field(default=0.0, init=False)

    def pause_s(self, *, lived_s: float) -> float:
        """The pause after a death; `lived_s` counts from when the child answered."""
        if lived_s >= self.well_after_s:
            self._next_s = 0.0
        pause_s = self._next_s or self.first_s
        self._next_s = min(2 * pause_s, self.longest_s)
        return pause_s
