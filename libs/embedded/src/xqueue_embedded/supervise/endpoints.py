"""`endpoints.json`: how to reach what runs, for clients, tools and tests; its form is a contract with them."""

import os
from pathlib import Path

import msgspec

from xqueue_embedded.supervise.fleet import Fleet
from xqueue_embedded.supervise.services import ServiceProcess


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """The door for clients."""

    url: str
    pid: int
    metrics: str


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service that clients do not talk to."""

    pid: int
    metrics: str


class KafkaEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The log."""

    bootstrap: str
    pid: int


class RedisEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The fold of the log."""

    url: str
    pid: int


class MqttEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where status is published."""

    host: str
    port: int
    pid: int


class BackendEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The example model server."""

    url: str
    pid: int


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The database of what has been."""

    url: str


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All addresses and pids of one running system."""

    gateway: Gateway
    scheduler: Service
    workers: list[Service]
    notifier: Service
    kafka: KafkaEndpoint
    redis: RedisEndpoint
    mqtt: MqttEndpoint
    history: History
    standby_schedulers: list[Service] = []  # only where more than one scheduler was asked for
    backend: BackendEndpoint | None = None  # only where no other was named


def describe(fleet: Fleet) -> Endpoints:
    """Say how to reach each child, by the pid that it has now."""
    scheduler, *standby = [_service(child) for child in fleet.schedulers]
    url = fleet.gateway.listener.url
    return Endpoints(
        gateway=Gateway(url=url, pid=fleet.gateway.pid, metrics=f"{url}/metrics"),
        scheduler=scheduler,
        workers=[_service(child) for child in fleet.workers],
        notifier=_service(fleet.notifier),
        kafka=KafkaEndpoint(bootstrap=fleet.kafka.bootstrap, pid=fleet.kafka.pid),
        redis=RedisEndpoint(url=fleet.redis.url, pid=fleet.redis.pid),
        mqtt=MqttEndpoint(host=fleet.mosquitto.host, port=fleet.mosquitto.port, pid=fleet.mosquitto.pid),
        history=History(url=fleet.environment()["XQ_HISTORY_URL"]),
        standby_schedulers=standby,
        backend=_backend(fleet.backend),
    )


def _backend(child: ServiceProcess | None) -> BackendEndpoint | None:
    return None if child is None else BackendEndpoint(url=child.listener.url, pid=child.pid)


def _service(child: ServiceProcess) -> Service:
    return Service(pid=child.pid, metrics=f"{child.listener.url}/metrics")


def read_endpoints(file: Path) -> Endpoints:
    """Read what a running system wrote."""
    return msgspec.json.decode(file.read_bytes(), type=Endpoints)


def write_endpoints(file: Path, endpoints: Endpoints) -> None:
    """Replace the file at once: a reader sees the old text or the new one, never half of it."""
    begun = file.with_name(f".{file.name}.{os.getpid()}")
    begun.write_bytes(msgspec.json.format(msgspec.json.encode(endpoints), indent=2) + b"\n")
    begun.replace(file)
