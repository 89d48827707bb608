"""The metrics of the scheduler; ``docs/metrics.md`` explains them."""

from prometheus_client import Counter, Gauge, Histogram

CALL_SECONDS = Histogram(
    "xqueue_scheduler_call_seconds",
    "Time of one call on a cell in Redis, as the scheduler sees it.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
)
CALLS = Counter("xqueue_scheduler_calls_total", "Calls made on a cell.", ["cell"])
RECORDS = Counter("xqueue_scheduler_records_total", "Records applied, by input log.", ["cell", "log"])
TOLD_CALL = Gauge("xqueue_scheduler_told_call", "Highest call of which the log has everything.", ["cell"])
OPEN_TASKS = Gauge("xqueue_scheduler_open_tasks", "Tasks that have not ended.", ["cell"])
TIMERS_FIRED = Counter("xqueue_scheduler_timers_fired_total", "Due timers appended to the reports.", ["cell"])
RUNS = Counter("xqueue_scheduler_runs_total", "Due runs of schedules appended to the commands.", ["cell"])
OWNED = Gauge("xqueue_scheduler_owned", "1 while this process owns the cell.", ["cell"])
TAKEOVERS = Counter("xqueue_scheduler_takeovers_total", "Cells taken, by how: adopted or rebuilt.", ["cell", "how"])
RETAKES = Counter("xqueue_scheduler_retakes_total", "Times an owner had to stop, by why.", ["cell", "why"])
POSITION_LOST = Counter(
    "xqueue_scheduler_position_lost_total", "Alarm: a log no longer holds what a cell needs.", ["cell"]
)
MEMORY_FULL = Gauge("xqueue_scheduler_redis_memory_full", "1 while Redis has no memory for more tasks.")
