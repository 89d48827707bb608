"""The residents of a worker as its settings and its GPU allow, and what is told of them."""

from collections.abc import Callable

from xqueue_common.clock import Clock
from xqueue_common.fleet import GpuInfo
from xqueue_worker.gpu.device import Gpu, offered_mb
from xqueue_worker.isolation.residents import Bounds, Residents
from xqueue_worker.settings import WorkerSettings


def residents_of(
    settings: WorkerSettings, gpu: Gpu | None, *, clock: Clock, changed: Callable[[], None]
) -> Residents:
    """Return what holds nobody yet."""
    capacity_mb = offered_mb(gpu, told_mb=settings.worker_gpu_memory_mb, reserve_mb=settings.gpu_reserve_mb)
    bounds = Bounds(capacity_mb, settings.worker_warm, round(settings.worker_warm_s * 1000))
    return Residents(bounds, clock=clock, changed=changed)


def in_use(gpu: Gpu | None, residents: Residents) -> list[GpuInfo]:
    """Return what there is to be told of the worker's GPU; nothing without one. From any thread."""
    if gpu is None:
        return []
    used_mb = sum(residents.memory().values())
    info = GpuInfo(index=gpu.index, name=gpu.name, memory_mb=gpu.memory_mb, used_mb=used_mb, fake=gpu.fake)
    return [info]
