"""Who this worker is, and what it tells of itself with each heartbeat."""

import hashlib
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from xqueue_common.cell import Offer
from xqueue_common.codec import encode
from xqueue_common.fleet import BackendInfo, GpuInfo, WorkerInfo
from xqueue_common.moments import moment


class Holdings(NamedTuple):
    """What a worker holds at the moment; see ``WorkerInfo``."""

    gpus: Sequence[GpuInfo] = ()
    models: Sequence[str] = ()
    backends: Sequence[BackendInfo] = ()


class Identity:
    """One start of one instance.

    Attributes:
        instance: stable name, the same after a restart if it was configured.
        incarnation: this very start; what is addressed to another one is not for us.
        queues: queue names and prefixes that it serves.
        types: task types that it has handlers for.
        profile: short name of both, equal for equal ones.
        gpu_memory_mb: GPU memory that its attempts may take in all.

    ``holdings`` is asked for each heartbeat, in the thread of the leases.
    """

    def __init__(
        self,
        instance: str,
        *,
        queues: Iterable[str],
        types: Iterable[str],
        now_ms: int,
        gpu_memory_mb: int = 0,
        holdings: Callable[[], Holdings] = Holdings,
    ) -> None:
        self.instance = instance
        self.incarnation = f"{instance}#{secrets.token_hex(6)}"
        self.queues = sorted(set(queues))
        self.types = sorted(set(types))
        self.profile = profile_of(self.queues, self.types)
        self.gpu_memory_mb = gpu_memory_mb
        self._started_at = moment(now_ms)
        self._holdings = holdings

    def offer(self, *, seq: int, inbox: int, slots: int) -> Offer:
        """Return what to tell the cell."""
        holds = self._holdings()
        return Offer(
            self.instance,
            inbox,
            seq,
            slots,
            self.queues,
            self.types,
            self.profile,
            encode(self._info(holds)).decode(),
            gpu_memory_mb=self.gpu_memory_mb,
            models=list(holds.models),
            gpu_room_mb=sum(gpu.memory_mb - gpu.used_mb for gpu in holds.gpus),
        )

    def _info(self, holds: Holdings) -> WorkerInfo:
        return WorkerInfo(
            pid=os.getpid(),
            host=socket.gethostname(),
            started_at=self._started_at,
            queues=self.queues,
            types=self.types,
            gpus=list(holds.gpus),
            models=list(holds.models),
            backends=list(holds.backends),
        )


def profile_of(queues: Iterable[str], types: Iterable[str]) -> str:
    """Return a short name for these queues and types, whatever their order."""
    return hashlib.sha256(encode([sorted(set(queues)), sorted(set(types))])).hexdigest()[:12]
