"""Numbers for Prometheus; what they mean stands in the worker's README.

They are counted in plain attributes, because a prometheus counter costs as much as running an empty handler, and
turned into metrics when somebody asks.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from xqueue_worker.histogram import Histogram
from xqueue_worker.pool import Pool

_BOUNDS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1800.0)
_BOUNDS_SIZE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)
_BOUNDS_WAIT_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 60.0)


class Counts:
    """What has happened since the worker started."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.asks = 0
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.spans = defaultdict[str, Histogram](lambda: Histogram(_BOUNDS_S))
        self.loads = defaultdict[str, Histogram](lambda: Histogram(_BOUNDS_S))
        self.batch_sizes = defaultdict[str, Histogram](lambda: Histogram(_BOUNDS_SIZE))
        self.batch_waits = defaultdict[str, Histogram](lambda: Histogram(_BOUNDS_WAIT_S))
        self.reports = 0
        self.report_failures = 0
        self.progress: Counter[str] = Counter()
        self.heartbeats: Counter[str] = Counter()

    def ended(self, task_type: str, outcome: str, ran_ms: int) -> None:
        """Count an attempt that ended."""
        self.attempts[task_type, outcome] += 1
        self.spans[task_type].add(ran_ms / 1000)

    def batched(self, task_type: str, waited_ms: Collection[int]) -> None:
        """Count a batch that begins: how long each of its attempts waited for the others."""
        self.batch_sizes[task_type].add(len(waited_ms))
        for wait_ms in waited_ms:
            self.batch_waits[task_type].add(wait_ms / 1000)

    def loaded(self, task_type: str, seconds: float) -> None:
        """Count a ``setup`` that has returned."""
        self.loads[task_type].add(seconds)


class WorkerMetrics(Collector):
    """The metrics of one worker."""

    def __init__(self, counts: Counts, pool: Pool, lease_age_s: Callable[[], float]) -> None:
        self._counts = counts
        self._pool = pool
        self._lease_age_s = lease_age_s

    def collect(self) -> Iterator[Metric]:
        """Return them as they stand."""
        counts = self._counts
        yield self._slots()
        yield _counter("dispatches", "Dispatch records by what became of them", "fate", counts.records)
        yield _counter("claims", "Claims decided, by answer", "answer", counts.claims)
        yield CounterMetricFamily("xqueue_worker_claim_asks", "Claims asked, repeats included", counts.asks)
        yield self._attempts()
        yield _histogram("attempt_seconds", "How long attempts ran", counts.spans)
        yield _histogram("batch_size", "Attempts that a batch began with", counts.batch_sizes)
        yield _histogram("batch_wait_seconds", "How long attempts waited for their batch", counts.batch_waits)
        yield CounterMetricFamily("xqueue_worker_reports", "Reports acknowledged", counts.reports)
        yield CounterMetricFamily(
            "xqueue_worker_report_failures", "Batches of reports to be sent again", counts.report_failures
        )
        yield _counter("progress", "Progress and log records by what became of them", "fate", counts.progress)
        yield _counter("heartbeats", "Heartbeats by answer", "answer", counts.heartbeats)
        yield GaugeMetricFamily(
            "xqueue_worker_lease_age_seconds", "Time since the leases were last renewed", self._lease_age_s()
        )

    def _slots(self) -> Metric:
        family = GaugeMetricFamily("xqueue_worker_slots", "Slots by what occupies them", labels=["state"])
        family.add_metric(["offered"], self._pool.offered)
        for state, count in self._pool.occupied._asdict().items():
            family.add_metric([state], count)
        return family

    def _attempts(self) -> Metric:
        family = CounterMetricFamily("xqueue_worker_attempts", "Attempts ended", labels=["type", "outcome"])
        for labels, count in self._counts.attempts.items():
            family.add_metric(list(labels), count)
        return family


def _counter(name: str, text: str, label: str, counter: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"xqueue_worker_{name}", text, labels=[label])
    for value, count in counter.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, text: str, histograms: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(f"xqueue_worker_{name}", text, labels=["type"])
    for task_type, histogram in histograms.items():
        family.add_metric([task_type], histogram.buckets(), histogram.sum)
    return family
