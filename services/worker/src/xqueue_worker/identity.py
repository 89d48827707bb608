"""Who this worker is, and what it tells of itself with each heartbeat."""

import hashlib
import os
import secrets
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from xqueue_common.cell import Offer
from xqueue_common.codec import encode


class Identity:
    """One start of one instance.

    Attributes:
        instance: stable name, the same after a restart if it was configured.
        incarnation: this very start; what is addressed to another one is not for us.
        queues: queue names and prefixes that it serves.
        types: task types that it has handlers for.
        profile: short name of both, equal for equal ones.
        gpu_memory_mb: GPU memory that its attempts may take in all.
        info: more for people, as a JSON object.
    """

    def __init__(
        self, instance: str, *, queues: Iterable[str], types: Iterable[str], now_ms: int, gpu_memory_mb: int = 0
    ) -> None:
        self.instance = instance
        self.incarnation = f"{instance}#{secrets.token_hex(6)}"
        self.queues = sorted(set(queues))
        self.types = sorted(set(types))
        self.profile = profile_of(self.queues, self.types)
        self.gpu_memory_mb = gpu_memory_mb
        self.info = encode(self._info(now_ms)).decode()

    def offer(self, *, seq: int, inbox: int, slots: int) -> Offer:
        """Return what to tell the cell."""
        return Offer(
            self.instance,
            inbox,
            seq,
            slots,
            self.queues,
            self.types,
            self.profile,
            self.info,
            gpu_memory_mb=self.gpu_memory_mb,
        )

    def _info(self, now_ms: int) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started_at": datetime.fromtimestamp(now_ms / 1000, UTC),
            "queues": self.queues,
            "types": self.types,
            "gpus": [],
            "models": [],
        }


def profile_of(queues: Iterable[str], types: Iterable[str]) -> str:
    """Return a short name for these queues and types, whatever their order."""
    return hashlib.sha256(encode([sorted(set(queues)), sorted(set(types))])).hexdigest()[:12]
