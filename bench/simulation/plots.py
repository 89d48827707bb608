"""What came of it, as small pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulation.tables import Run, demand_ms, mean_waits_s
from simulation.workload import SYBIL, Workload

COLOURS = ("tab:orange", "tab:purple", "tab:green")
FLOOR_S = 0.01
"""Waits of nothing are drawn here, since the axis has no zero."""
DPI = 90


def draw(workload: Workload, runs: Sequence[Run], folder: Path, name: str) -> list[Path]:
    """Draw all pictures into a folder, under names that begin so; return their paths."""
    import matplotlib as mpl  # noqa: PLC0415  # only who wants pictures needs it (group `sim`)

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _waits(workload, runs, folder / f"{name}-waits.png"),
        _fairness(runs, folder / f"{name}-fairness.png"),
        _utilisation(runs, folder / f"{name}-utilisation.png"),
    ]


def _axes(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    return plt.subplots(1, columns, figsize=(width, height), sharey=True, layout="constrained")


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=DPI, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return path


def _waits(workload: Workload, runs: Sequence[Run], path: Path) -> Path:
    figure, panels = _axes(10, 3.6, len(runs))
    wanted = demand_ms(workload)
    for panel, run, colour in zip(panels, runs, COLOURS, strict=True):
        waits = mean_waits_s(workload, run.meter)
        points = [(wanted[tenant] / 1000, max(FLOOR_S, wait)) for tenant, wait in waits.items()]
        panel.scatter(*zip(*points, strict=True), s=3, color=colour, alpha=0.5, linewidths=0)
        panel.scatter(wanted[SYBIL] / 1000, waits[SYBIL], s=30, color="black", marker="x", label="1000 keys")
        panel.set(title=run.policy, xlabel="demand of the tenant, slot-s", xscale="log", yscale="log")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("mean wait of its tasks, s")
    panels[0].legend(loc="lower right")
    return _save(figure, path)


def _fairness(runs: Sequence[Run], path: Path) -> Path:
    figure, panel = _axes(8, 3.2)
    for run, colour in zip(runs, COLOURS, strict=True):
        points = [(window.ends_ms / 3_600_000, window.jain) for window in run.meter.windows if window.jain]
        panel.plot(*zip(*points, strict=True), color=colour, label=run.policy, marker=".")
    panel.set(xlabel="hours", ylabel="Jain's index, by weight", ylim=(0, 1.05))
    panel.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3)
    return _save(figure, path)


def _utilisation(runs: Sequence[Run], path: Path) -> Path:
    figure, panel = _axes(8, 2.6)
    for run, colour in zip(runs, COLOURS, strict=True):
        points = [(window.ends_ms / 3_600_000, 100 * window.busy) for window in run.meter.windows]
        panel.plot(*zip(*points, strict=True), color=colour, label=run.policy)
    panel.set(xlabel="hours", ylabel="live slots that run, %", ylim=(0, 105))
    panel.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3)
    return _save(figure, path)
