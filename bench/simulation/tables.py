"""What came of it, as Markdown."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from simulation.meter import Meter
from simulation.workload import SYBIL, TWIN, Workload

CLASSES = {"light": 0.0, "middle": 0.9, "heavy": 0.99}
"""Classes of tenants, by the share of the tenants that want less than their lightest."""


class Run(NamedTuple):
    """A policy and what was measured under it."""

    policy: str
    meter: Meter


def demand_ms(workload: Workload) -> dict[str, int]:
    """Return what each tenant wants in all, in slot-ms."""
    found: defaultdict[str, int] = defaultdict(int)
    for job in workload.jobs:
        found[job.tenant] += job.run_ms
    return dict(found)


def classes(workload: Workload) -> dict[str, list[str]]:
    """Return the tenants of each class that has any; the two that were planted are in none."""
    wanted = demand_ms(workload)
    names = sorted((name for name in wanted if name not in (SYBIL, TWIN)), key=lambda name: wanted[name])
    bounds = [*(round(start * len(names)) for start in CLASSES.values()), len(names)]
    found = {name: names[bounds[i] : bounds[i + 1]] for i, name in enumerate(CLASSES)}
    return {name: tenants for name, tenants in found.items() if tenants}


def mean_waits_s(workload: Workload, meter: Meter) -> dict[str, float]:
    """Return how long the tasks of each tenant waited, on average."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for job in workload.jobs:
        found[job.tenant].append(meter.wait_ms[job.place])
    return {tenant: fmean(waits) / 1000 for tenant, waits in found.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def wait_table(workload: Workload, runs: Sequence[Run]) -> str:
    """Return the waits of tenants, by policy and class."""
    rows = ["| policy | tenants | p50 s | p90 s | p99 s | worst s |", "|---|---|---|---|---|---|"]
    for run in runs:
        waits = mean_waits_s(workload, run.meter)
        for name, tenants in classes(workload).items():
            values = [waits[tenant] for tenant in tenants]
            cells = [*(percentile(values, share) for share in (0.5, 0.9, 0.99)), max(values)]
            rows.append(_row(run.policy, f"{name} ({len(tenants)})", *(f"{cell:.1f}" for cell in cells)))
    return "\n".join(rows)


def fairness_table(workload: Workload, runs: Sequence[Run]) -> str:
    """Return how evenly who waited was served, and how busy the workers were, by policy."""
    rows = [
        "| policy | Jain mean | Jain worst | windows | sybil s | twin s | busy % | lost slot-h | all ended h |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        waits = mean_waits_s(workload, run.meter)
        index = [window.jain for window in run.meter.windows if window.jain is not None]
        busy = fmean(window.busy for window in run.meter.windows)
        rows.append(
            _row(
                run.policy,
                f"{fmean(index):.2f}" if index else "-",
                f"{min(index):.2f}" if index else "-",
                str(len(index)),
                f"{waits[SYBIL]:.0f}",
                f"{waits[TWIN]:.0f}",
                f"{100 * busy:.1f}",
                f"{run.meter.lost_ms / 3_600_000:.2f}",
                f"{run.meter.ended_ms / 3_600_000:.2f}",
            )
        )
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
