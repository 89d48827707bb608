"""Every metric that the services have, found where they make them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

import xqueue_gateway.metrics
import xqueue_notifier.metrics
import xqueue_scheduler.metrics
from xqueue_common.clock import SystemClock
from xqueue_common.fleet import BackendInfo
from xqueue_worker.backends.client import Client
from xqueue_worker.backends.metrics import BackendMetrics
from xqueue_worker.backends.pool import Pool
from xqueue_worker.backends.settings import PoolSettings
from xqueue_worker.isolation.admission import Admission
from xqueue_worker.isolation.residents import Bounds, Residents
from xqueue_worker.metrics import Counts, WorkerMetrics
from xqueue_worker.pool import Pool as Slots
from xqueue_worker.resident_metrics import ResidentMetrics

IMPORTED = (xqueue_gateway.metrics, xqueue_notifier.metrics, xqueue_scheduler.metrics)
"""Importing them is what registers their metrics."""

_SERIES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


class Described(NamedTuple):
    """A metric as Prometheus knows it."""

    name: str
    kind: str
    labels: tuple[str, ...]

    def series(self) -> set[str]:
        """Return the names under which its values are asked for."""
        return {self.name.removesuffix("_total") + suffix for suffix in _SERIES[self.kind]}


def described() -> list[Described]:
    """Return all metrics of all services."""
    return [*map(_of_wrapper, _wrappers()), *(_of_family(f) for worker in _worker() for f in worker.collect())]


def exposed() -> str:
    """Return what `/metrics` of all services would say after each metric has counted once."""
    ours = CollectorRegistry()
    for collector in _worker():
        ours.register(collector)
    for wrapper in _wrappers():
        ours.register(_counted(wrapper))
    return generate_latest(ours).decode()


def _wrappers() -> list[MetricWrapperBase]:
    found = set(REGISTRY._names_to_collectors.values())
    ours = (item for item in found if isinstance(item, MetricWrapperBase) and item._name.startswith("xqueue_"))
    return sorted(ours, key=lambda item: item._name)


def _of_wrapper(wrapper: MetricWrapperBase) -> Described:
    return _described(wrapper._name, str(wrapper._type), wrapper._labelnames)


def _of_family(family: Metric) -> Described:
    labels: tuple[str, ...] = getattr(family, "_labelnames", ())
    return _described(family.name, family.type, labels)


def _described(name: str, kind: str, labels: tuple[str, ...]) -> Described:
    return Described(name + ("_total" if kind == "counter" else ""), kind, tuple(labels))


def _counted(wrapper: MetricWrapperBase) -> MetricWrapperBase:
    """Make the like of a metric, with a value and not known to the registry of this process."""
    labels = wrapper._labelnames
    make: Callable[..., MetricWrapperBase] = type(wrapper)
    like = make(wrapper._name, wrapper._documentation, labels, registry=None)
    if labels:
        like.labels(*("x" for _ in labels))
    return like


def _worker() -> tuple[Collector, ...]:
    counts = Counts()
    counts.loaded("example", 1.0)
    residents = Residents(Bounds(), clock=SystemClock(), changed=lambda: None)
    residents.evictions["x"] += 1
    admission = Admission(residents)
    counts.ended("example", "success", 1)
    for counter in (counts.records, counts.claims, counts.progress, counts.heartbeats):
        counter["x"] += 1
    return (
        WorkerMetrics(counts, Slots(1, changed=lambda: None), lambda: 0.0),
        ResidentMetrics(counts, residents, admission),
        _backends(),
    )


def _backends() -> BackendMetrics:
    info = BackendInfo(pool="image", url="http://gpu", state="up", in_flight=0, calls=1, failures=0, latency_s=1.0)
    pool = Pool(PoolSettings(name="image", urls=["http://gpu"]), Client(), SystemClock())
    return BackendMetrics(lambda: [info], {"image": pool})


def series() -> set[str]:
    """Return the names of all series that the services expose."""
    return {name for metric in described() for name in metric.series()}


def of_service(service: str) -> Iterator[Described]:
    """Yield the metrics whose names are a service's."""
    return (metric for metric in described() if metric.name.startswith(f"xqueue_{service}_"))
