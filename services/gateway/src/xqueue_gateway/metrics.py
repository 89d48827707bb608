"""The metrics of the gateway; its README explains them."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "xqueue_gateway_requests_total", "HTTP requests answered, by route template.", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "xqueue_gateway_request_seconds",
    "Time from a request's first byte to its last, by route template.",
    ["route"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0),
)
SUBMISSIONS = Counter(
    "xqueue_gateway_submissions_total",
    "Submissions by outcome: accepted, replayed (known idempotency key), rejected, unknown (no answer from Kafka).",
    ["outcome"],
)
ACCEPTED, REPLAYED, REJECTED, UNKNOWN = map(SUBMISSIONS.labels, ("accepted", "replayed", "rejected", "unknown"))
SUBSCRIBERS = Gauge("xqueue_gateway_subscribers", "WebSocket connections and streams of server-sent events now.")
PUSHED = Counter("xqueue_gateway_pushed_total", "Events sent to subscribers.")
CONFLATED = Counter(
    "xqueue_gateway_conflated_total",
    "Events left out because a newer one of the task waited for a slow reader.",
)
TOO_SLOW = Counter("xqueue_gateway_too_slow_total", "Subscribers disconnected because even the ends were too much.")
HEARD = Counter("xqueue_gateway_heard_total", "Records heard, by log and by what they were.", ["log", "outcome"])
MEMORY_FULL = Gauge("xqueue_gateway_redis_memory_full", "1 while Redis has no memory for more tasks.")
ARTIFACT_BYTES = Counter(
    "xqueue_gateway_artifact_bytes", "Bytes of artifacts that came in or went out", ("direction",)
)
