"""Settings of a worker."""

import os
import socket
from typing import Annotated

from msgspec import Meta

from xqueue_common.settings import CommonSettings


class WorkerSettings(CommonSettings, frozen=True, kw_only=True):
    """What a worker needs to know beside what all services do.

    Attributes:
        worker_id: stable name of this instance; host and process id if left out.
        worker_slots: attempts that run at once.
        worker_gpu_memory_mb: GPU memory that all of them together may take, as their `resources` say, and the
            models that they leave behind; None: that of the worker's GPU.
        worker_warm: idle child processes that are kept for the attempts to come.
        worker_warm_s: seconds after which an idle one ends.
        gpu: the GPU to serve, numbered from 0; 1/4: the second of four workers that take them in turn; none: no
            GPU of its own, handlers see what there is.
        gpu_reserve_mb: GPU memory to leave alone; None: 512, of a simulated GPU 0.
        fake_gpus: simulated GPUs instead of real ones, 2x24GB say.
        worker_queues: queues that it serves: names, prefixes with a * behind, or * for all; comma separated.
        worker_cell: the cell that it belongs to.
        worker_heartbeat_s: seconds between two heartbeats.
        lease_s: how long a lease lasts, until the first heartbeat's answer tells.
        lease_margin_s: seconds before the end of its lease at which a worker that cannot renew it stops.
        claim_s: seconds that an attempt may wait for its claim; as long as the scheduler waits for it.
        cancel_grace_s: seconds that a handler has to end after it was asked to.
        handlers: modules with handlers, comma separated; added to the ready ones.
        backends: a TOML or JSON file with pools of model servers; see backends/settings.py.
        result_inline_bytes: largest result, as JSON, that stands in the task itself; a larger one is stored as an
            artifact. No more than the default, because records of tasks must stay within what Kafka takes.
    """

    worker_id: Annotated[str, Meta(pattern=r"^[^\x00-\x20#\x7f]*\Z", max_length=200)] = ""
    worker_slots: Annotated[int, Meta(ge=1, le=100_000)] = 100
    worker_gpu_memory_mb: Annotated[int, Meta(ge=0, le=1 << 24)] | None = None
    worker_warm: Annotated[int, Meta(ge=0, le=100_000)] = 100
    worker_warm_s: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 3600.0
    gpu: str = ""
    gpu_reserve_mb: Annotated[int, Meta(ge=0, le=1 << 24)] | None = None
    fake_gpus: str = ""
    worker_queues: str = "*"
    worker_cell: Annotated[int, Meta(ge=0, le=4095)] = 0
    worker_heartbeat_s: Annotated[float, Meta(ge=0.05, le=60)] = 1.0
    lease_s: Annotated[float, Meta(gt=0, le=3600)] = 15.0
    lease_margin_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    claim_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    cancel_grace_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    handlers: str = ""
    backends: str = ""
    result_inline_bytes: Annotated[int, Meta(ge=0, le=256 * 1024)] = 256 * 1024

    @property
    def instance(self) -> str:
        """The name of this instance."""
        return self.worker_id or f"{socket.gethostname()}-{os.getpid()}"

    @property
    def queues(self) -> list[str]:
        """The queues that it serves."""
        return listed(self.worker_queues)


def listed(text: str) -> list[str]:
    """Return the parts of a comma separated list, in order, without repeats."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
