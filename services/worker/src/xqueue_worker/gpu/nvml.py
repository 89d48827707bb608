"""What GPUs there are, from NVIDIA's driver. Without a GPU there is none; that is no error."""

from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from xqueue_worker.gpu.device import Gpu

_DRIVER = Path("/dev/nvidiactl")
_MB = 1024 * 1024


class Seen(NamedTuple):
    """The GPUs of this machine, and, where there should be some, why they cannot be asked."""

    gpus: list[Gpu]
    problem: str = ""


def look() -> Seen:
    """Ask the driver."""
    try:
        import pynvml  # noqa: PLC0415  # the extra `gpu`
    except ImportError:
        remedy = "nvidia-ml-py is not installed: install xqueue-worker[gpu]"
        return Seen([], remedy if _DRIVER.exists() else "")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError_LibraryNotFound:
        return Seen([])  # no driver, no GPU
    except pynvml.NVMLError as error:
        return Seen([], str(error))
    try:
        return Seen([_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())])
    except pynvml.NVMLError as error:
        return Seen([], str(error))
    finally:
        pynvml.nvmlShutdown()


def _gpu(nvml: ModuleType, index: int) -> Gpu:
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    return Gpu(
        index=index,
        name=_text(nvml.nvmlDeviceGetName(device)),
        memory_mb=_memory(nvml, device) // _MB,
        uuid=_text(nvml.nvmlDeviceGetUUID(device)),
    )


def _memory(nvml: ModuleType, device: Any) -> int:
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(device, version=nvml.nvmlMemory_v2)
    except nvml.NVMLError:  # a driver older than 510
        return int(nvml.nvmlDeviceGetMemoryInfo(device).total)
    return int(memory.total - memory.reserved)


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
