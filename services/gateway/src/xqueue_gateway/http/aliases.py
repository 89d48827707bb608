"""Other paths for the same operations, for tools written against other queues. One table, nothing else."""

ALIASES: dict[str, str] = {
    "/health": "/api/v1/health",
    "/health/live": "/api/v1/health/live",
    "/health/ready": "/api/v1/health/ready",
    "/api/stats": "/api/v1/stats",
    "/api/v1/tasks/status/stats": "/api/v1/stats",
    "/api/instances": "/api/v1/instances",
    "/v1/tasks": "/api/v1/tasks",
    "/v1/tasks/batch": "/api/v1/tasks/batch",
    "/v1/tasks/{task_id}": "/api/v1/tasks/{task_id}",
    "/v1/tasks/{task_id}/cancel": "/api/v1/tasks/{task_id}/cancel",
    "/v1/tasks/{task_id}/result": "/api/v1/tasks/{task_id}/result",
    "/v1/tasks/{task_id}/history": "/api/v1/tasks/{task_id}/history",
}
"""Alias to the path that it stands for."""
