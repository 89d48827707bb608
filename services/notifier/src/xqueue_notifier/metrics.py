"""What the notifier counts; the table of meanings stands in the service's README."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("xqueue_notifier_records", "Records read, by what became of them", ("sink", "outcome"))
LAG = Gauge("xqueue_notifier_lag_records", "Records that wait to be read", ("sink", "partition"))
LAG_S = Gauge("xqueue_notifier_lag_seconds", "Age of the last record read while others wait", ("sink", "partition"))
LOST = Gauge("xqueue_notifier_lost_positions", "Times that retention outran a sink", ("sink",))
ROUND_S = Histogram("xqueue_notifier_round_seconds", "Time from reading a batch to having it done", ("sink",))
PUBLISHES = Counter("xqueue_notifier_publishes", "MQTT publishes, by what became of them", ("sink", "outcome"))
CONNECTED = Gauge("xqueue_notifier_connected", "Whether the MQTT broker is connected", ("sink",))
ROWS = Counter("xqueue_notifier_rows", "Rows handed to the history", ("table",))
EXPIRED = Counter("xqueue_notifier_expired_tasks", "Ended tasks deleted from the history by retention")
SWEPT = Counter(
    "xqueue_notifier_swept_artifacts", "Artifacts deleted because their time, or their task's, was over"
)
FAILURES = Counter("xqueue_notifier_failures", "Times that an agent failed and was run again", ("agent",))
CALLS = Counter("xqueue_notifier_webhook_calls", "Calls of webhooks, by what came of them", ("outcome",))
CALL_S = Histogram("xqueue_notifier_webhook_call_seconds", "How long calls of webhooks took")
STEPS = Counter("xqueue_notifier_webhook_deliveries", "Steps of deliveries, by where they led", ("state",))
UNDER_WAY = Gauge("xqueue_notifier_webhook_under_way", "Deliveries in memory: called, or waiting for their turn")
BREAKERS = Gauge("xqueue_notifier_webhook_open_breakers", "Hosts that are known not to answer")
