"""Health and metrics over HTTP, the same on every service.

``/health/live`` answers as long as the process does; ``/health/ready`` once it can work; ``/health`` asks every
dependency; ``/metrics`` is for Prometheus.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

log = structlog.get_logger(__name__)

Check = Callable[[], Awaitable[None]]
"""Returns if the dependency answers, raises with the reason if not."""

_CHECK_S = 3.0


class Finding(NamedTuple):
    """What a check found; ``problem`` is None when all is well."""

    part: str
    problem: str | None


class Health:
    """The health of a service: whether it is ready, and a check for each of its dependencies."""

    def __init__(self) -> None:
        self.ready = False
        self._checks: dict[str, Check] = {}

    def watch(self, part: str, check: Check) -> None:
        """Have ``check`` asked whenever somebody wants to know about ``part``."""
        self._checks[part] = check

    async def examine(self) -> list[Finding]:
        """Ask all dependencies at once; each has three seconds."""
        return list(await asyncio.gather(*(_examine(part, check) for part, check in self._checks.items())))


async def _examine(part: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(_CHECK_S):
            await check()
    except Exception as error:  # noqa: BLE001  # whatever goes wrong is the finding
        return Finding(part, str(error) or type(error).__name__)
    return Finding(part, None)


def report(findings: list[Finding]) -> tuple[int, bytes]:
    """Return HTTP status and JSON body for these findings."""
    well = all(f.problem is None for f in findings)
    body = {
        "status": "ok" if well else "unavailable",
        "dependencies": {f.part: f.problem or "ok" for f in findings},
    }
    return (200 if well else 503), msgspec.json.encode(body)


class OpsServer:
    """A small HTTP server for health and metrics, on a port of its own."""

    def __init__(self, health: Health, *, host: str, port: int) -> None:
        self._health = health
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/health", self._all)
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        log.info("health and metrics", addresses=[f"{host}:{port}" for host, port, *_ in self._runner.addresses])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, _request: web.Request) -> web.Response:
        well = self._health.ready
        return web.json_response({"status": "ok" if well else "starting"}, status=200 if well else 503)

    async def _all(self, _request: web.Request) -> web.Response:
        status, body = report(await self._health.examine())
        return web.Response(status=status, body=body, content_type="application/json")
