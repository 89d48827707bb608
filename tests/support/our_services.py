"""What the deployment files must agree with: the services' settings, ports and paths."""

import asyncio
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web

from xqueue_common.ops import Health, OpsServer
from xqueue_common.settings import CommonSettings, load, variables
from xqueue_gateway.http.aliases import aliases_of
from xqueue_gateway.http.operations import OPERATIONS
from xqueue_gateway.settings import Settings as GatewaySettings
from xqueue_notifier.settings import NotifierSettings
from xqueue_scheduler.settings import Settings as SchedulerSettings
from xqueue_worker.settings import WorkerSettings

ROOT = Path(__file__).parents[2]

SETTINGS: Mapping[str, type[CommonSettings]] = {
    "gateway": GatewaySettings,
    "scheduler": SchedulerSettings,
    "worker": WorkerSettings,
    "notifier": NotifierSettings,
}

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

_ALL = "0.0.0.0"  # noqa: S104  # compared, not bound
_OURS = re.compile(r"\bXQ_[A-Z0-9_]+\b")


def known(service: str) -> frozenset[str]:
    """Return the variables that a service reads."""
    return frozenset(variables(SETTINGS[service]))


ANYBODYS = frozenset().union(*(known(service) for service in SETTINGS))
"""Variables that at least one service reads."""


def ours(names: Iterable[str]) -> set[str]:
    """Return those that begin like variables of ours."""
    return {name for name in names if name.startswith("XQ_")}


def mentioned(text: str) -> set[str]:
    """Return the variables of ours that a text mentions."""
    return set(_OURS.findall(text))


def read_settings(service: str, environment: Mapping[str, str]) -> CommonSettings:
    """Read an environment as the service would when it starts; wrong values raise `ConfigError`."""
    return load(SETTINGS[service], environment)


def port_of(service: str, environment: Mapping[str, str]) -> int:
    """Return the port on which a service answers for its health."""
    settings = read_settings(service, environment)
    return settings.port if isinstance(settings, GatewaySettings) else settings.ops_port


def open_to_all(service: str, environment: Mapping[str, str]) -> bool:
    """Whether others than its own container can reach that port; a gateway asks for keys, or may do without."""
    settings = read_settings(service, environment)
    if isinstance(settings, GatewaySettings):
        return (settings.allow_open or settings.auth == "required") and settings.host == _ALL
    return settings.ops_host == _ALL


def paths(service: str) -> frozenset[str]:
    """Return what a service answers to GET on that port."""
    if service == "gateway":
        routes = {operation.path for operation in OPERATIONS if operation.method == "GET"}
        return frozenset(routes | {alias for path in routes for alias in aliases_of("GET", path)})
    return asyncio.run(_ops_paths())


async def _ops_paths() -> frozenset[str]:
    server = OpsServer(Health(), host="127.0.0.1", port=0)
    await server.start()
    try:
        runner = server._runner
        assert isinstance(runner, web.AppRunner)
        return frozenset(resource.canonical for resource in runner.app.router.resources())
    finally:
        await server.stop()
