"""What does a policy do to thousands of tenants over hours? A simulation, seeded: no broker runs.

The same workload (heavy-tailed run times and tenants, bursts, a tenant with a thousand keys, a fifth of the workers
lost for ten minutes in the middle) under three policies: first come, first served; priority only; ours. Prints
Markdown; with ``--out`` it draws pictures too, which needs the dependency group ``sim``. `bench/simulation` says
what is shared with the model that the scheduler is tested against.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from simulation import plots, tables
from simulation.engine import Engine, Setup
from simulation.fair import Fair
from simulation.meter import Meter
from simulation.policies import Fifo, Policy, PriorityOnly
from simulation.workload import Workload, generate

WORKERS = 25
SLOTS = 4
LOST = tuple(range(WORKERS // 5))
BAR = 30


def main() -> None:
    """Simulate, and print what came of it."""
    arguments = _arguments()
    workload = _workload(arguments)
    print(f"{len(workload.jobs)} tasks of {len(workload.tenants)} tenants, {WORKERS * SLOTS} slots\n")
    runs = [tables.Run(name, _simulate(name, workload, policy)) for name, policy in _policies(workload).items()]
    print(tables.wait_table(workload, runs), tables.fairness_table(workload, runs), sep="\n\n")
    if arguments.out:
        print("", *plots.draw(workload, runs, arguments.out, arguments.name), sep="\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tenants", type=int, default=2000)
    parser.add_argument("--hours", type=float, default=3)
    parser.add_argument("--load", type=float, default=0.95, help="share of the slots that all need (0.95)")
    parser.add_argument("--urgent", type=float, default=0.1, help="share of tasks with a priority (0.1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="draw pictures into this folder")
    parser.add_argument("--name", default="simulation", help="what the names of the pictures begin with")
    return parser.parse_args()


def _workload(arguments: argparse.Namespace) -> Workload:
    return generate(
        Random(arguments.seed),  # noqa: S311  # the same seed, the same run
        tenants=arguments.tenants,
        hours=arguments.hours,
        slots=WORKERS * SLOTS,
        load=arguments.load,
        urgent=arguments.urgent,
    )


def _policies(workload: Workload) -> dict[str, Callable[[], Policy]]:
    weights = {name: tenant.weight for name, tenant in workload.tenants.items()}
    return {"FIFO": Fifo, "priority only": PriorityOnly, "ours": lambda: Fair(weights)}


def _simulate(name: str, workload: Workload, policy: Callable[[], Policy]) -> Meter:
    return Engine(workload, policy(), Setup(WORKERS, SLOTS, LOST)).run(_bar(name))


def _bar(name: str) -> Callable[[float], None]:
    """Return what draws how far a run is: nothing, unless somebody looks."""

    def draw(share: float) -> None:
        end = "\n" if share >= 1 else ""
        print(f"\r{name:>14} [{'#' * round(share * BAR):.<{BAR}}]", end=end, file=sys.stderr, flush=True)

    return draw if sys.stderr.isatty() else lambda _: None


if __name__ == "__main__":
    main()
