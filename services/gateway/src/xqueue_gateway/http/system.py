"""The system over HTTP: health, metrics, statistics, workers (api.md §2)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from xqueue_common.ops import Health, report
from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.principal import principal_of
from xqueue_gateway.http.answers import Answer, answer
from xqueue_gateway.http.query import queue_query
from xqueue_gateway.tasks.allocations import AllocationList, Allocations
from xqueue_gateway.tasks.backends import BackendState
from xqueue_gateway.tasks.fleet import Fleet, Instance
from xqueue_gateway.tasks.tenant_stats import TenantStats


class Instances(Struct, frozen=True):
    """The live workers."""

    items: list[Instance]


class BackendList(Struct, frozen=True):
    """The model servers of all workers."""

    items: list[BackendState]


class HealthAnswer(Struct, frozen=True):
    """How this service is; ``dependencies`` says what is wrong with each, or ok."""

    status: str
    dependencies: dict[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class SystemEndpoints:
    """One method an operation."""

    health: Health
    fleet: Fleet
    tenants: TenantStats
    allocations: Allocations

    async def get_stats(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return counts of tasks: those of its tenant to whoever proves to be of one, else of all."""
        sees = caller_of(request.scope).sees
        if sees is None or principal_of(request.scope).believed:
            return answer(await self.fleet.stats())
        return answer(await self.tenants.of(sees))

    async def list_instances(self) -> ASGIApp:
        """Return the live workers."""
        return answer(Instances(await self.fleet.instances()))

    async def list_backends(self) -> ASGIApp:
        """Return the model servers."""
        return answer(BackendList(await self.fleet.backends()))

    async def list_allocations(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Return how slots are shared out over queues."""
        queue = queue_query(request.scope)
        if queue is not None:
            return answer(await self.allocations.of(queue))
        return answer(AllocationList(await self.allocations.all()))

    async def get_health(self) -> ASGIApp:
        """Ask all dependencies."""
        status, body = report(await self.health.examine())
        return Answer(status, body)

    async def get_liveness(self) -> ASGIApp:
        """Answer as long as the process does."""
        return answer(HealthAnswer("ok"))

    async def get_readiness(self) -> ASGIApp:
        """Say whether requests can be worked on."""
        well = self.health.ready
        return answer(HealthAnswer("ok" if well else "starting"), 200 if well else 503)

    async def get_metrics(self) -> ASGIApp:
        """Return what Prometheus asks for."""
        return Answer(200, generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST.encode())
