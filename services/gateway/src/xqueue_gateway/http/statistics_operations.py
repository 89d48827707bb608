"""The operations on statistics."""

from xqueue_common.registry.records import Role
from xqueue_gateway.history.statistics_query import StatisticsQuery
from xqueue_gateway.http.operation import Operation
from xqueue_gateway.http.statistics import TaskStatistics

STATISTICS_OPERATIONS = (
    Operation(
        Role.READ,
        "get_task_statistics",
        "GET",
        "/api/v1/statistics/tasks",
        "Count tasks by hour, with percentiles of waits and runs",
        {200: TaskStatistics},
        (422, 503),
        query=StatisticsQuery,
    ),
)
