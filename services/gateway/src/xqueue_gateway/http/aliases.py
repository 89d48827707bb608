"""Other paths for the same operations, for tools written against other queues. One table, nothing else."""

from collections.abc import Iterator

BELOW: dict[str, str] = {
    "/health": "/api/v1/health",
    "/api/queues": "/api/v1/queues",
    "/v1/tasks": "/api/v1/tasks",
}
"""Alias to the path that it stands for, itself and with everything below it."""

ALIASES: dict[str, str] = {
    "/api/stats": "/api/v1/stats",
    "/api/v1/tasks/status/stats": "/api/v1/stats",
    "/v1/tasks/status/stats": "/api/v1/stats",
    "/api/instances": "/api/v1/instances",
    "/api/worker-allocations": "/api/v1/worker-allocations",
    "/v1/queue/status": "/api/v1/queues/{name}",
    "/v1/queue/pause": "/api/v1/queues/{name}/pause",
    "/v1/queue/resume": "/api/v1/queues/{name}/resume",
    "/v1/queue/reorder": "/api/v1/queues/{name}/reorder",
    "/v1/statistics/tasks": "/api/v1/statistics/tasks",
}
"""Alias to the path that it stands for; those that name no queue mean the default one."""

READ_ONLY = frozenset({"/v1/queue/status"})
"""Those that stand for GET alone, whatever else their path takes."""


def aliases_of(method: str, path: str) -> Iterator[str]:
    """Return the other paths under which an operation is to be had."""
    for alias, root in BELOW.items():
        if path == root or path.startswith(f"{root}/"):
            yield alias + path.removeprefix(root)
    for alias, target in ALIASES.items():
        if target == path and (method == "GET" or alias not in READ_ONLY):
            yield alias
