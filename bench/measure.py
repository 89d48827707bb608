"""What the benchmarks share: percentiles, the CPU that processes used, and tables."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Spread(NamedTuple):
    """Some quantiles of a sample, in its unit."""

    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, sample: Iterable[float]) -> "Spread":
        """Return the quantiles of a sample that is not empty."""
        values = sorted(sample)
        return cls(*(values[min(len(values) - 1, int(len(values) * share))] for share in (0.5, 0.9, 0.99)))


def cpu_s(pid: int) -> float:
    """CPU time that a process has used so far, its children that it has waited for included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS


def cpu_of(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU time of each process so far."""
    return {name: cpu_s(pid) for name, pid in pids.items()}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
