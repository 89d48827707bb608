"""Finding the GPU that a worker serves, and telling what is odd about it."""

from collections.abc import Mapping
from typing import NamedTuple

import structlog

from xqueue_worker.gpu import nvml
from xqueue_worker.gpu.device import Gpu, asked, choose, visible
from xqueue_worker.gpu.simulated import simulated
from xqueue_worker.settings import WorkerSettings

log = structlog.get_logger(__name__)

UNPINNED = "none"
"""As ``XQ_GPU``: the worker has no GPU of its own, and leaves what its handlers see as it is."""


class Found(NamedTuple):
    """The GPU of a worker.

    Attributes:
        gpu: None if there is none.
        unsaid: how many others there are of which nobody has said that they are not meant.
        problem: why GPUs that should be there cannot be seen.
    """

    gpu: Gpu | None
    unsaid: int = 0
    problem: str = ""

    def tell(self) -> None:
        """Log it, with the remedy for what is odd."""
        if self.problem:
            log.warning("GPUs cannot be seen", why=self.problem)
        if self.gpu is not None:
            log.info("gpu", index=self.gpu.index, name=self.gpu.name, memory_mb=self.gpu.memory_mb)
        if self.unsaid:
            log.warning(
                "a worker serves one GPU",
                idle=self.unsaid,
                remedy="run a worker for each GPU, with XQ_GPU=0, XQ_GPU=1 and so on",
            )


def find(settings: WorkerSettings, environ: Mapping[str, str]) -> Found:
    """Return the GPU to serve: of the simulated set if there is one, else of those that this process may see.

    Raises:
        ConfigError: a setting is wrong, or there is no such GPU; names it and the remedy.
    """
    if settings.gpu == UNPINNED:
        return Found(None)
    wanted, problem = asked(settings.gpu), ""
    if settings.fake_gpus:
        gpus = simulated(settings.fake_gpus)
    else:
        seen, problem = nvml.look()
        gpus = visible(seen, environ.get("CUDA_VISIBLE_DEVICES"))
    unsaid = len(gpus) - 1 if gpus and wanted is None else 0
    return Found(choose(gpus, wanted), unsaid, problem)
