"""How many tasks come and go a second, counted over the last minute."""

from collections import Counter, deque

WINDOW_S = 60


class Rates:
    """Counts by name in buckets of one second."""

    def __init__(self, now_ms: int) -> None:
        self._began_ms = now_ms
        self._buckets: deque[tuple[int, Counter[str]]] = deque()

    def count(self, name: str, now_ms: int) -> None:
        """Count one."""
        second = now_ms // 1000
        if not self._buckets or self._buckets[-1][0] != second:
            self._forget(second)
            self._buckets.append((second, Counter()))
        self._buckets[-1][1][name] += 1

    def per_second(self, now_ms: int) -> dict[str, float]:
        """Return what was counted per second, over the window or since the beginning if that is shorter."""
        self._forget(now_ms // 1000)
        total: Counter[str] = Counter()
        for _, counts in self._buckets:
            total += counts
        span_s = self._span_s(now_ms)
        return {name: round(count / span_s, 3) for name, count in total.items()}

    def of(self, name: str, now_ms: int) -> float:
        """Return what was counted under one name per second, likewise."""
        self._forget(now_ms // 1000)
        return round(sum(counts[name] for _, counts in self._buckets) / self._span_s(now_ms), 3)

    def since_first(self, name: str, now_ms: int) -> float:
        """Return the rate of one name since it first came in the window: what came before was another time."""
        self._forget(now_ms // 1000)
        seen = [(second, counts[name]) for second, counts in self._buckets if name in counts]
        total = sum(count for _, count in seen)
        return round(total / max(1.0, now_ms / 1000 - seen[0][0]), 3) if seen else 0.0

    def _span_s(self, now_ms: int) -> float:
        return min(WINDOW_S, max(1.0, (now_ms - self._began_ms) / 1000))

    def _forget(self, second: int) -> None:
        while self._buckets and self._buckets[0][0] <= second - WINDOW_S:
            self._buckets.popleft()


def of_tenant(tenant: str, name: str) -> str:
    """Return under which name the rates of a tenant are counted; a tenant has no slash."""
    return f"{tenant}/{name}"
