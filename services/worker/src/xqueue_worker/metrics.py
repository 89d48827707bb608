"""Numbers for Prometheus; what they mean stands in the worker's README.

They are counted in plain attributes, because a prometheus counter costs as much as running an empty handler, and
turned into metrics when somebody asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from xqueue_worker.pool import Pool

_BOUNDS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 1800.0)


class Spans:
    """How long attempts of one type ran."""

    __slots__ = ("counts", "sum_ms")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS_S) + 1)
        self.sum_ms = 0

    def add(self, span_ms: int) -> None:
        """Count one."""
        self.counts[bisect_left(_BOUNDS_S, span_ms / 1000)] += 1
        self.sum_ms += span_ms

    def buckets(self) -> list[tuple[str, float]]:
        """Return upper bounds and cumulative counts."""
        total, rows = 0, []
        for bound, count in zip((*map(str, _BOUNDS_S), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows


class Counts:
    """What has happened since the worker started."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.claims: Counter[str] = Counter()
        self.asks = 0
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.spans: dict[str, Spans] = {}
        self.loads: dict[str, Spans] = {}
        self.reports = 0
        self.report_failures = 0
        self.progress: Counter[str] = Counter()
        self.heartbeats: Counter[str] = Counter()

    def ended(self, task_type: str, outcome: str, ran_ms: int) -> None:
        """Count an attempt that ended."""
        self.attempts[task_type, outcome] += 1
        spans = self.spans.get(task_type)
        if spans is None:
            spans = self.spans[task_type] = Spans()
        spans.add(ran_ms)

    def loaded(self, task_type: str, seconds: float) -> None:
        """Count a ``setup`` that has returned."""
        self.loads.setdefault(task_type, Spans()).add(round(seconds * 1000))


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
        yield self._seconds()
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

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily("xqueue_worker_attempt_seconds", "How long attempts ran", labels=["type"])
        for task_type, spans in self._counts.spans.items():
            family.add_metric([task_type], spans.buckets(), spans.sum_ms / 1000)
        return family


def _counter(name: str, text: str, label: str, counter: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"xqueue_worker_{name}", text, labels=[label])
    for value, count in counter.items():
        family.add_metric([value], count)
    return family
