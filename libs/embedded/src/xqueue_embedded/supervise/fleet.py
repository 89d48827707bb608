"""The children of one system: three brokers, four services, and what each must know of the others."""

import os
from collections.abc import Container, Mapping
from itertools import count

from xqueue_embedded.brokers.broker import Broker
from xqueue_embedded.brokers.kafka import Kafka
from xqueue_embedded.brokers.mosquitto import Mosquitto
from xqueue_embedded.brokers.redis import Redis
from xqueue_embedded.ports import LOOPBACK, free_port
from xqueue_embedded.processes.child import Child
from xqueue_embedded.supervise.backend import backend_for
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.services import NICENESS, Listener, ServiceName, ServiceProcess
from xqueue_embedded.supervise.state_dir import StateDir


class Fleet:
    """All children, by name and number; making it starts nothing and touches no file."""

    def __init__(self, options: SystemOptions, state: StateDir) -> None:
        self._options = options
        self._state = state
        self.kafka = Kafka(state_dir=state.folder)
        self.redis = Redis(state_dir=state.folder)
        self.mosquitto = Mosquitto(state_dir=state.folder)
        self.backend = backend_for({**os.environ, **options.env}, state.logs) if options.backend else None
        self.gateway = self._service("gateway", 0)
        self.schedulers = [self._service("scheduler", number) for number in range(options.schedulers)]
        self.workers = [self._service("worker", number) for number in range(options.workers)]
        self.notifier = self._service("notifier", 0)

    @property
    def brokers(self) -> list[Broker]:
        """What has to be there before any service."""
        return [self.kafka, self.redis, self.mosquitto]

    @property
    def services(self) -> list[ServiceProcess]:
        """In the order of the data's flow."""
        return [self.gateway, *self.schedulers, *self.workers, *self._backends, self.notifier]

    @property
    def _backends(self) -> list[ServiceProcess]:
        return [] if self.backend is None else [self.backend]

    def another_worker(self, *, taken: Container[str]) -> ServiceProcess:
        """Make one more, under the first name that is not taken; it is no part of the fleet yet."""
        numbers = (number for number in count() if _numbered("worker", number) not in taken)
        return self._service("worker", next(numbers))

    def child(self, name: str, number: int = 0) -> Child:
        """Find one: `("worker", 1)` is the second worker."""
        wanted = _numbered(name, number)
        for child in (*self.brokers, *self.services):
            if child.name == wanted:
                return child
        message = f"no {wanted} runs here"
        raise LookupError(message)

    def stop_order(self) -> list[list[Child]]:
        """Groups to stop one after the other.

        First the door, so that nothing new comes in; then the workers, whose last reports the scheduler still
        hears; then the scheduler, whose last words the notifier still passes on, and what only workers call; what
        they all stand on comes last.
        """
        after = [*self.schedulers, *self._backends]
        return [[self.gateway], [*self.workers], [*after], [self.notifier], [*self.brokers]]

    def environment(self) -> Mapping[str, str]:
        """What every service is told."""
        told = {
            "XQ_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "XQ_REDIS_URL": self.redis.url,
            "XQ_MQTT_HOST": self.mosquitto.host,
            "XQ_MQTT_PORT": str(self.mosquitto.port),
            "XQ_HISTORY_URL": self._state.history_url,
            "XQ_STATE_DIR": str(self._state.folder),
            "XQ_ARTIFACTS_URL": (self._state.folder / "artifacts").absolute().as_uri(),
            "XQ_LOG_LEVEL": self._options.log_level,
        }
        return {**told, **self._options.env}

    def _service(self, service: ServiceName, number: int) -> ServiceProcess:
        listener = self._gateway_listener() if service == "gateway" else Listener(LOOPBACK, free_port())
        prefix = "XQ" if service == "gateway" else "XQ_OPS"
        own = {f"{prefix}_HOST": listener.host, f"{prefix}_PORT": str(listener.port)}
        own |= self._membership(service, number)
        handlers = self._options.handlers if service == "worker" else ()
        loaded = (text for module in handlers for text in ("--handlers", module))
        name = _numbered(service, number)
        return ServiceProcess(
            name=name,
            log=self._state.logs / f"{name}.log",
            argv=(*self._options.programs[service], *loaded),
            listener=listener,
            env=lambda: {**self.environment(), **own, **self._secrets(service)},
            nice=NICENESS[service],
        )

    def _secrets(self, service: ServiceName) -> Mapping[str, str]:
        """What only gateways are told; the operator's key is how the first keys of this installation are made."""
        if service != "gateway":
            return {}
        known = {"XQ_OPERATOR_KEY": "operator.key", "XQ_JWT_SECRET": "jwt.secret"}
        said = {**os.environ, **self._options.env}
        return {name: self._state.secret(file) for name, file in known.items() if not said.get(name)}

    def _membership(self, service: ServiceName, number: int) -> Mapping[str, str]:
        match service:
            case "scheduler":
                return {"XQ_SCHEDULER_ID": _numbered(service, number)}
            case "worker":
                models = {} if self.backend is None else self.backend.told()
                told = {"XQ_WORKER_CELL": str(number % self._options.cells), **models}
                # A GPU each, in turn, if there are any; unless somebody has said which.
                said = {**os.environ, **self._options.env}.get("XQ_GPU")
                most = max(self._options.workers, self._options.most_workers)
                return told if said else {**told, "XQ_GPU": f"{number}/{most}"}
            case _:
                return {}

    def _gateway_listener(self) -> Listener:
        return Listener(self._options.host, self._options.port or free_port())


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number}" if number else name
