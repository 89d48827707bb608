import re
from pathlib import Path

from unit.worker.making import StillClock, an_attempt

from xqueue_worker.isolation.admission import Admission
from xqueue_worker.isolation.residents import Bounds, Residents
from xqueue_worker.metrics import Counts, WorkerMetrics
from xqueue_worker.pool import Pool
from xqueue_worker.resident_metrics import ResidentMetrics

README = Path(__file__).parents[3] / "services/worker/README.md"


def collected() -> dict[str, dict[tuple[str, ...], float]]:
    counts, pool = Counts(), Pool(3, changed=lambda: None)
    pool.running["a"] = an_attempt()
    counts.ended("noop", "success", 3)
    counts.ended("noop", "success", 700)
    counts.records["accepted"] += 2
    counts.claims["ADMITTED"] += 1
    counts.heartbeats["OK"] += 1
    counts.progress["told"] += 1
    counts.batched("noop", [3, 0, 700])
    counts.loaded("noop", 4.0)
    residents = Residents(Bounds(100), clock=StillClock(), changed=lambda: None)
    residents.enter(None, None, 30)
    residents.evictions["memory"] += 1
    admission = Admission(residents)
    collectors = (WorkerMetrics(counts, pool, lambda: 0.5), ResidentMetrics(counts, residents, admission))
    metrics = [metric for collector in collectors for metric in collector.collect()]
    return {m.name: {(s.name, *s.labels.values()): s.value for s in m.samples} for m in metrics}


def test_numbers_are_told_as_they_stand() -> None:
    metrics = collected()

    assert metrics["xqueue_worker_attempts"]["xqueue_worker_attempts_total", "noop", "success"] == 2
    assert metrics["xqueue_worker_slots"]["xqueue_worker_slots", "offered"] == 3
    assert metrics["xqueue_worker_slots"]["xqueue_worker_slots", "running"] == 1
    seconds = metrics["xqueue_worker_attempt_seconds"]
    assert seconds["xqueue_worker_attempt_seconds_bucket", "noop", "0.005"] == 1
    assert seconds["xqueue_worker_attempt_seconds_bucket", "noop", "+Inf"] == 2
    assert seconds["xqueue_worker_attempt_seconds_sum", "noop"] == 0.703


def test_batches_are_told_by_their_size_and_what_they_cost_in_waiting() -> None:
    metrics = collected()

    sizes, waits = metrics["xqueue_worker_batch_size"], metrics["xqueue_worker_batch_wait_seconds"]
    assert sizes["xqueue_worker_batch_size_bucket", "noop", "2"] == 0
    assert sizes["xqueue_worker_batch_size_bucket", "noop", "4"] == 1
    assert sizes["xqueue_worker_batch_size_sum", "noop"] == 3
    assert waits["xqueue_worker_batch_wait_seconds_bucket", "noop", "0.005"] == 2
    assert waits["xqueue_worker_batch_wait_seconds_count", "noop"] == 3
    assert waits["xqueue_worker_batch_wait_seconds_sum", "noop"] == 0.703


def test_gpu_memory_is_told_by_what_it_was_given_to() -> None:
    metrics = collected()

    given = metrics["xqueue_worker_gpu_memory_bytes"]
    assert {state: value / 1024**2 for (_, state), value in given.items()} == {
        "busy": 30,
        "idle": 0,
        "ending": 0,
        "free": 70,
    }
    assert metrics["xqueue_worker_residents"]["xqueue_worker_residents", "busy"] == 1
    assert metrics["xqueue_worker_evictions"]["xqueue_worker_evictions_total", "memory"] == 1
    assert metrics["xqueue_worker_load_seconds"]["xqueue_worker_load_seconds_sum", "noop"] == 4


def test_the_readme_names_every_metric_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(xqueue_worker_\w+)`", README.read_text(), re.MULTILINE))
    assert {name.removesuffix("_total") for name in documented} == collected().keys()
