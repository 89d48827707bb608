"""Numbers for Prometheus about GPU memory and warm processes; what they mean stands in the worker's README."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from xqueue_worker.isolation.admission import Admission
from xqueue_worker.isolation.residents import Residents
from xqueue_worker.metrics import Counts

_MB = 1024 * 1024


class ResidentMetrics(Collector):
    """The metrics of a worker's residents."""

    def __init__(self, counts: Counts, residents: Residents, admission: Admission) -> None:
        self._counts = counts
        self._residents = residents
        self._admission = admission

    def collect(self) -> Iterator[Metric]:
        """Return them as they stand."""
        yield self._loads()
        yield self._evictions()
        yield self._memory()
        yield self._processes()
        yield GaugeMetricFamily(
            "xqueue_worker_room_waiters", "Attempts that wait for GPU memory", self._admission.waiting
        )

    def _loads(self) -> Metric:
        family = HistogramMetricFamily(
            "xqueue_worker_load_seconds", "How long setups took, loading a model say", labels=["type"]
        )
        for task_type, histogram in self._counts.loads.items():
            family.add_metric([task_type], histogram.buckets(), histogram.sum)
        return family

    def _evictions(self) -> Metric:
        family = CounterMetricFamily("xqueue_worker_evictions", "Idle processes ended", labels=["why"])
        for why, count in self._residents.evictions.items():
            family.add_metric([why], count)
        return family

    def _memory(self) -> Metric:
        family = GaugeMetricFamily(
            "xqueue_worker_gpu_memory_bytes", "GPU memory by what it was given to", labels=["state"]
        )
        given = self._residents.memory()
        for state, given_mb in given.items():
            family.add_metric([state.value], given_mb * _MB)
        family.add_metric(["free"], (self._residents.bounds.capacity_mb - sum(given.values())) * _MB)
        return family

    def _processes(self) -> Metric:
        family = GaugeMetricFamily("xqueue_worker_residents", "Residents by what they do", labels=["state"])
        for state, count in self._residents.count().items():
            family.add_metric([state.value], count)
        return family
