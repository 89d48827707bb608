"""Numbers of the backends for Prometheus; what they mean stands in docs/metrics.md."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from xqueue_common.fleet import BackendInfo
from xqueue_worker.backends.pool import Pool

_STATES = ("up", "down", "open", "probing")
_SERVER = ["pool", "url"]


class BackendMetrics(Collector):
    """The metrics of a worker's backends."""

    def __init__(self, infos: Callable[[], list[BackendInfo]], pools: Mapping[str, Pool]) -> None:
        self._infos = infos
        self._pools = pools

    def collect(self) -> Iterator[Metric]:
        """Return them as they stand."""
        infos = self._infos()
        yield _states(infos)
        yield _calls(infos)
        in_flight = GaugeMetricFamily("xqueue_worker_backend_in_flight", "Calls under way", labels=_SERVER)
        latency = GaugeMetricFamily(
            "xqueue_worker_backend_latency_seconds", "Of recent calls, typically", labels=_SERVER
        )
        for info in infos:
            in_flight.add_metric([info.pool, info.url], info.in_flight)
            if info.latency_s is not None:
                latency.add_metric([info.pool, info.url], info.latency_s)
        yield in_flight
        yield latency
        waiting = GaugeMetricFamily("xqueue_worker_backend_waiting", "Calls that wait for a place", labels=["pool"])
        for name, pool in self._pools.items():
            waiting.add_metric([name], pool.waiting)
        yield waiting


@contextmanager
def counted(infos: Callable[[], list[BackendInfo]], pools: Mapping[str, Pool]) -> Iterator[None]:
    """Show them among the metrics of this process within this block."""
    metrics = BackendMetrics(infos, pools)
    REGISTRY.register(metrics)
    try:
        yield
    finally:
        REGISTRY.unregister(metrics)


def _states(infos: list[BackendInfo]) -> Metric:
    family = GaugeMetricFamily("xqueue_worker_backend_state", "1 for the state now", labels=[*_SERVER, "state"])
    for info in infos:
        for state in _STATES:
            family.add_metric([info.pool, info.url, state], info.state == state)
    return family


def _calls(infos: list[BackendInfo]) -> Metric:
    family = CounterMetricFamily("xqueue_worker_backend_calls", "Calls ended", labels=[*_SERVER, "outcome"])
    for info in infos:
        family.add_metric([info.pool, info.url, "success"], info.calls - info.failures)
        family.add_metric([info.pool, info.url, "failed"], info.failures)
    return family
