"""The brokers as child processes, and the supervisor that runs the whole system on one machine."""

from xqueue_embedded.brokers.kafka import Kafka
from xqueue_embedded.brokers.mosquitto import Mosquitto
from xqueue_embedded.brokers.postgres import Postgres
from xqueue_embedded.brokers.redis import Redis
from xqueue_embedded.errors import EmbeddedError
from xqueue_embedded.supervise.endpoints import Endpoints, read_endpoints
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.system import System

__all__ = [
    "EmbeddedError",
    "Endpoints",
    "Kafka",
    "Mosquitto",
    "Postgres",
    "Redis",
    "System",
    "SystemOptions",
    "read_endpoints",
]
