"""`just bench models`: two simulated GPUs hold two of six models each; tasks ask for them by Zipf's law.

All are submitted at once. Handlers note on which GPU they load and run: loads by 100 tasks; how long a model
waited to be loaded (from the first start of a task that came after the one that it was loaded for), and how long
the unluckiest task was passed over, the tasks of its own model counted in; how often a model was loaded where it
did not fit beside those that lived there; for how long a GPU neither loaded nor ran anything while work waited, and
what share of the busy time was loading. For several values of XQ_MODEL_PATIENCE_S, which trades one for the other;
`--out FILE.png` draws that (`uv run --group sim just bench models --out …`).
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from measure import table
from model_handlers import LOAD_S, NOTES, read
from model_outcomes import GPUS, HELD, Outcome, outcome

from xqueue_embedded import System, SystemOptions

_MODELS = 6
_GPU_GB = 24
_MODEL_MB = _GPU_GB * 1024 // HELD
_POLL_S = 0.5
_BATCH = 500
_QUEUE = "models"


class Load(NamedTuple):
    """What is submitted: tasks of some seconds; a load takes ``load_s``; the n-th model weighs 1/n^skew."""

    tasks: int
    seconds: float
    load_s: float
    skew: float
    seed: int

    def models(self) -> list[str]:
        """Return the model of each task, in the order of submission."""
        chance = random.Random(self.seed)  # noqa: S311  # no secret
        weights = [1 / rank**self.skew for rank in range(1, _MODELS + 1)]
        return chance.choices([f"m{rank}" for rank in range(1, _MODELS + 1)], weights, k=self.tasks)


async def submit(http: httpx2.AsyncClient, load: Load) -> list[str]:
    """Submit all while their queue is paused, let them run, and wait until all have ended; return their ids."""
    (await http.put(f"/api/v1/queues/{_QUEUE}", json={})).raise_for_status()
    (await http.post(f"/api/v1/queues/{_QUEUE}/pause")).raise_for_status()
    models, ids = load.models(), list[str]()
    for first in range(0, load.tasks, _BATCH):
        tasks = [_task(load, model) for model in models[first : first + _BATCH]]
        answer = (await http.post("/api/v1/tasks/batch", json={"tasks": tasks})).raise_for_status()
        ids += [item["task_id"] for item in answer.json()["items"]]
    (await http.post(f"/api/v1/queues/{_QUEUE}/resume")).raise_for_status()
    while await _ended(http) < load.tasks:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(_POLL_S)
    return ids


async def _ended(http: httpx2.AsyncClient) -> int:
    params = {"status": ["success", "failed"], "limit": 1}
    total: int = (await http.get("/api/v1/tasks", params=params)).json()["total"]
    return total


def _task(load: Load, model: str) -> dict[str, Any]:
    return {
        "type": "bench.model",
        "queue": _QUEUE,
        "payload": {"seconds": load.seconds},
        "model": model,
        "resources": {"gpu_memory_mb": _MODEL_MB},
        "queue_timeout": None,
    }


async def measure(load: Load, patience_s: float) -> Outcome:
    """Run the whole system once."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        notes = Path(folder) / "notes"
        env = {
            "XQ_FAKE_GPUS": f"{GPUS}x{_GPU_GB}GB",
            "XQ_WORKER_SLOTS": str(HELD),
            "XQ_MODEL_PATIENCE_S": str(patience_s),
            "PYTHONPATH": str(Path(__file__).parent),
            NOTES: str(notes),
            LOAD_S: str(load.load_s),
        }
        options = SystemOptions(
            state_dir=Path(folder) / "state", port=0, workers=GPUS, handlers=("model_handlers",), env=env
        )
        async with (
            System(options) as running,
            httpx2.AsyncClient(base_url=running.endpoints.gateway.url, timeout=90) as http,
        ):
            ids = await submit(http, load)
        return outcome(patience_s, ids, read(notes))


def draw(outcomes: Sequence[Outcome], load: Load, path: Path) -> None:
    """Draw loads against waits."""
    import matplotlib as mpl  # noqa: PLC0415  # only who wants a picture needs it (group `sim`)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, panel = plt.subplots(figsize=(6, 3.4), layout="constrained")
    points = sorted((one.cold_s, one.loads, one.patience_s) for one in outcomes)
    panel.plot([x for x, _, _ in points], [y for _, y, _ in points], marker="o", color="tab:purple")
    for x, y, patience_s in points:
        panel.annotate(f"{patience_s:g} s", (x, y), textcoords="offset points", xytext=(6, 5))
    title = f"{_MODELS} models, {GPUS} GPUs that hold {HELD} each, a load takes {load.load_s:g} s"
    panel.set(
        title=title,
        xlabel="longest that a model waited to be loaded, s",
        ylabel="loads by 100 tasks",
        ylim=(0, None),
    )
    panel.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})


async def main(load: Load, patiences_s: Sequence[float], out: Path | None) -> None:
    """Measure and print."""
    outcomes = [await measure(load, patience_s) for patience_s in patiences_s]
    changes = sum(one != other for one, other in pairwise(load.models()))
    print(f"{load.tasks} tasks of {load.seconds:g} s, a load takes {load.load_s:g} s, seed {load.seed}")
    print(f"in the order of submission the model changes {100 * changes / load.tasks:.0f} times by 100 tasks\n")
    head = ("patience s", "loads by 100 tasks", "a model waited s", "a task waited s", "loads over memory")
    rows = [(f"{one.patience_s:g}", *one[1:]) for one in outcomes]
    print(table((*head, "GPU idle while work waited %", "loading, of busy time %", "took s"), rows))
    if out is not None:
        draw(outcomes, load, out)
        print(f"\n{out}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=0.25, help="that each task takes")
    parser.add_argument("--load", type=float, default=2.0, help="seconds that loading a model takes")
    parser.add_argument("--skew", type=float, default=1.1, help="exponent of Zipf's law")
    parser.add_argument("--patience", type=float, nargs="+", default=[0.001, 2.0, 5.0, 15.0, 60.0], metavar="S")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a picture, FILE.png")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    wanted = Load(given.tasks, given.seconds, given.load, given.skew, given.seed)
    sys.exit(asyncio.run(main(wanted, given.patience, given.out)))
