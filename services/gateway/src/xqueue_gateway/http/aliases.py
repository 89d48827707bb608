"""Other paths for the same operations, for tools written against other queues. One table, nothing else."""

ALIASES: dict[str, str] = {
    "/health": "/api/v1/health",
    "/health/live": "/api/v1/health/live",
    "/health/ready": "/api/v1/health/ready",
    "/api/stats": "/api/v1/stats",
    "/api/v1/tasks/status/stats": "/api/v1/stats",
    "/api/instances": "/api/v1/instances",
    "/api/queues": "/api/v1/queues",
    "/api/queues/{name}": "/api/v1/queues/{name}",
    "/api/queues/{name}/pause": "/api/v1/queues/{name}/pause",
    "/api/queues/{name}/resume": "/api/v1/queues/{name}/resume",
    "/api/queues/{name}/purge": "/api/v1/queues/{name}/purge",
    "/api/queues/{name}/reorder": "/api/v1/queues/{name}/reorder",
    "/api/queues/{name}/dead-letters": "/api/v1/queues/{name}/dead-letters",
    "/api/queues/{name}/dead-letters/redrive": "/api/v1/queues/{name}/dead-letters/redrive",
    "/api/worker-allocations": "/api/v1/worker-allocations",
    "/v1/queue/status": "/api/v1/queues/{name}",
    "/v1/queue/pause": "/api/v1/queues/{name}/pause",
    "/v1/queue/resume": "/api/v1/queues/{name}/resume",
    "/v1/queue/reorder": "/api/v1/queues/{name}/reorder",
    "/v1/statistics/tasks": "/api/v1/statistics/tasks",
    "/v1/tasks": "/api/v1/tasks",
    "/v1/tasks/batch": "/api/v1/tasks/batch",
    "/v1/tasks/{task_id}": "/api/v1/tasks/{task_id}",
    "/v1/tasks/{task_id}/cancel": "/api/v1/tasks/{task_id}/cancel",
    "/v1/tasks/{task_id}/priority": "/api/v1/tasks/{task_id}/priority",
    "/v1/tasks/{task_id}/retry": "/api/v1/tasks/{task_id}/retry",
    "/v1/tasks/{task_id}/result": "/api/v1/tasks/{task_id}/result",
    "/v1/tasks/{task_id}/explain": "/api/v1/tasks/{task_id}/explain",
    "/v1/tasks/{task_id}/history": "/api/v1/tasks/{task_id}/history",
}
"""Alias to the path that it stands for; those that name no queue mean the default one."""

READ_ONLY = frozenset({"/v1/queue/status"})
"""Those that stand for GET alone, whatever else their path takes."""
