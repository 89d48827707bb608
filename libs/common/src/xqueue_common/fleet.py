"""What a worker tells of itself with each heartbeat, for people and for placement; soft state."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class GpuInfo(Struct, frozen=True, kw_only=True):
    """A GPU of a worker. Memory in MB: ``used_mb`` is what its models and attempts were given of ``memory_mb``."""

    index: int
    name: str
    memory_mb: int
    used_mb: int
    fake: bool = False


class BackendInfo(Struct, frozen=True, kw_only=True):
    """A model server, as one worker sees it.

    Attributes:
        pool: the pool that it belongs to.
        url: its address, without credentials.
        state: up; down: its health checks fail; open: its breaker is, too many calls have failed; probing: one call
            is let through to see.
        in_flight: calls under way from this worker.
        calls: calls ended so far.
        failures: those of them that have failed.
        latency_s: of recent calls, typically; None before the first.
        error: what went wrong last, while it is not up.
    """

    pool: str
    url: str
    state: Literal["up", "down", "open", "probing"]
    in_flight: int
    calls: int
    failures: int
    latency_s: float | None = None
    error: str | None = None


class WorkerInfo(Struct, frozen=True, kw_only=True):
    """What a worker tells about itself; ``models`` are those that it holds in memory, last used first."""

    pid: int | None = None
    host: str | None = None
    started_at: datetime | None = None
    queues: list[str] = []
    types: list[str] = []
    gpus: list[GpuInfo] = []
    models: list[str] = []
    backends: list[BackendInfo] = []
