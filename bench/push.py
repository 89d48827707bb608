"""`just bench push`: the cost of 10,000 idle WebSocket subscribers, events/s fanned out, MQTT publishes/s.

Status records are written straight into the log, by the benchmark instead of a scheduler, so that nothing but
pushing is measured. Subscribers are processes of their own that do no more than count (`push_clients.py`); every
tenth one times what it hears, from the moment before the record is appended.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from measure import Spread, cpu_s, table
from processes import running as all_processes

from xqueue_common.codec import encode
from xqueue_common.events import StatusRecord, Takeover
from xqueue_common.ids import new_task_id
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState
from xqueue_common.topics import Topics
from xqueue_embedded import Kafka, Mosquitto, Redis
from xqueue_embedded.brokers.mosquitto import TOOLS
from xqueue_embedded.fetch.programs import require
from xqueue_embedded.ports import LOOPBACK, free_port

_PROCESSES = 2
_ACTIVE = "active"
_STREAM = "/api/v1/ws/tasks"
_BATCH = 200


class Teller:
    """Writes versions of tasks into the status log of cell 0, as its scheduler would."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer(bootstrap, client_id="bench-push")
        self._epoch = 0
        self._number = 0

    async def take(self) -> None:
        """Take the cell."""
        self._epoch = await self._append([encode(Takeover(owner="bench", at_ms=0))])

    async def tell(self, count: int) -> None:
        """Tell of so many new tasks at once."""
        for first in range(0, count, _BATCH):
            await self._append([self._record() for _ in range(first, min(count, first + _BATCH))])

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    def _record(self) -> bytes:
        self._number += 1
        now = time.time_ns()
        spec = TaskSpec(
            task_id=new_task_id(0, now // 1_000_000, self._number),
            type="noop",
            queue="default",
            tenant=_ACTIVE,
            created_ms=now // 1_000_000,
            concurrency_key=str(now // 1_000),
            labels={"team": "a", "number": str(self._number)},
        )
        return encode(StatusRecord(self._epoch, 1, 0, 0, spec, TaskState(Status.PENDING, 1)))

    async def _append(self, values: list[bytes]) -> int:
        spans = await self._producer.append(Topics().status, 0, [Outgoing(value) for value in values])
        return spans[0].first


class Service:
    """A service that is measured."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, http: httpx2.AsyncClient) -> None:
        self.address = (LOOPBACK, str(port))
        self._pid = process.pid
        self._url = f"http://{LOOPBACK}:{port}"
        self._http = http

    @property
    def cpu_s(self) -> float:
        """CPU used so far."""
        return cpu_s(self._pid)

    @property
    def rss_mb(self) -> float:
        """Memory that it holds now."""
        return next(p.rss_mb for p in all_processes() if p.pid == self._pid)

    async def ready(self) -> None:
        """Wait until it works."""
        while True:
            with suppress(httpx2.TransportError):
                if (await self._http.get(f"{self._url}/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)

    async def metric(self, start: str) -> int:
        """Return the sum of a metric."""
        lines = (await self._http.get(f"{self._url}/metrics")).text.splitlines()
        return round(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start)))

    async def pushed(self) -> int:
        """Events sent to subscribers so far."""
        return await self.metric("xqueue_gateway_pushed_total")


class Ground:
    """Brokers, and services on them; no scheduler: the benchmark is it."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.kafka = Kafka(state_dir=folder)
        self.redis = Redis(state_dir=folder)
        self.mosquitto = Mosquitto(state_dir=folder)

    async def start(self) -> None:
        """Start the brokers."""
        self._http = await self._stack.enter_async_context(httpx2.AsyncClient(timeout=60))
        for broker in (self.kafka, self.redis, self.mosquitto):
            await broker.start()
            self._stack.push_async_callback(broker.stop)

    @asynccontextmanager
    async def service(self, name: str) -> AsyncIterator[Service]:
        """Run a service as long as the block lasts."""
        port = free_port()
        settings = {
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "REDIS_URL": self.redis.url,
            "HISTORY_URL": f"sqlite:///{self._folder}/history.db",
            "MQTT_PORT": self.mosquitto.port,
            "MQTT_LAG_S": 3_600,
            "NOTIFIER_SINKS": "mqtt",
            "PORT": port,
            "OPS_PORT": port,
            "LOG_LEVEL": "warning",
            "WS_MAX_CONNECTIONS": 20_000,
        }
        env = {**os.environ, **{f"XQ_{setting}": str(value) for setting, value in settings.items()}}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", f"xqueue_{name}", env=env)
        try:
            service = Service(process, port, self._http)
            await service.ready()
            yield service
        finally:
            process.terminate()
            await process.wait()


class Crowd(NamedTuple):
    """Subscribers, and what they have seen once they have gone."""

    seen: list[dict[str, Any]]

    @property
    def delays(self) -> list[float]:
        """Of every tenth one, in ms."""
        return [1e3 * delay for one in self.seen for delay in one["delays"]]

    @property
    def span_s(self) -> float:
        """From the first event seen to the last."""
        return max(one["last"] for one in self.seen) - min(one["first"] for one in self.seen)


@asynccontextmanager
async def crowd(gateway: Service, count: int, tenant: str, query: str = "") -> AsyncIterator[Crowd]:
    """Keep so many subscribed as long as the block lasts."""
    shares = [count // _PROCESSES + (n < count % _PROCESSES) for n in range(_PROCESSES)]
    program = str(Path(__file__).with_name("push_clients.py"))
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": 1 << 28}
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, program, *gateway.address, str(share), tenant, _STREAM + query, **pipes
        )
        for share in shares
    ]
    seen = Crowd([])
    try:
        for child in children:
            assert child.stdout  # noqa: S101  # a pipe
            if await child.stdout.readline() != b"ready\n":
                sys.exit("the subscribers did not come in")
        yield seen
    finally:
        said = [(await child.communicate(b""))[0] for child in children]
    seen.seen.extend(json.loads(text) for text in said)


async def idle(gateway: Service, count: int, seconds: float) -> str:
    """Measure what subscribers cost that hear nothing."""
    before, began = gateway.rss_mb, time.perf_counter()
    async with crowd(gateway, count, "nobody"):
        took, rss = time.perf_counter() - began, gateway.rss_mb
        used = gateway.cpu_s
        await asyncio.sleep(seconds)
        share = 100 * (gateway.cpu_s - used) / seconds
        later = gateway.rss_mb
    row = (count, round(count / took), before, rss, later, round((later - before) * 1024 / count, 1), share)
    head = ("idle", "connected /s", "RSS before, MB", "with them", "after a while", "KiB each", "CPU %, with pings")
    return table(head, [row])


class Load(NamedTuple):
    """What is told to whom."""

    subscribers: int
    rate: int
    seconds: int
    burst: int
    query: str = ""


async def fan_out(gateway: Service, teller: Teller, load: Load) -> tuple[object, ...]:
    """Measure one load: first so many events a second, then a burst."""
    async with crowd(gateway, load.subscribers, _ACTIVE, load.query) as steady:
        before, used = await gateway.pushed(), gateway.cpu_s
        for _ in range(load.seconds * 10):
            began = time.perf_counter()
            await teller.tell(load.rate // 10)
            await asyncio.sleep(max(0.0, 0.1 - (time.perf_counter() - began)))
        events = load.rate // 10 * 10 * load.seconds * load.subscribers
        await until_pushed(gateway, before + events)
        cpu = gateway.cpu_s - used
    delays = Spread.of(steady.delays)
    async with crowd(gateway, load.subscribers, _ACTIVE, load.query) as burst:
        before, used = await gateway.pushed(), gateway.cpu_s
        await teller.tell(load.burst)
        await until_pushed(gateway, before + load.burst * load.subscribers)
        burst_cpu = gateway.cpu_s - used
    told = load.burst * load.subscribers
    return (
        load.subscribers,
        load.rate,
        round(events / load.seconds),
        delays.p50,
        delays.p99,
        round(1e6 * cpu / events, 1),
        round(told / burst.span_s),
        round(1e6 * burst_cpu / told, 1),
    )


async def until_pushed(gateway: Service, count: int) -> None:
    """Wait until so many events were sent; what is left out for slow readers never is."""
    give_up = time.perf_counter() + 60
    while await gateway.pushed() < count and time.perf_counter() < give_up:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.05)


async def fan_outs(gateway: Service, teller: Teller, load: Load, idlers: int) -> str:
    """Measure the same alone, and beside idle subscribers."""
    rows = [("alone", *await fan_out(gateway, teller, load))]
    for name, tenant, query in (
        (f"beside {idlers:,} of another tenant", "nobody", ""),
        (f"beside {idlers:,} who want another queue", _ACTIVE, "?queue=another"),
        (f"beside {idlers:,} who want another label", _ACTIVE, "?label=team:b"),
    ):
        async with crowd(gateway, idlers, tenant, query):
            rows.append((name, *await fan_out(gateway, teller, load)))
    head = (
        "",
        "subscribers",
        "events /s",
        "delivered /s",
        "p50 ms",
        "p99 ms",
        "CPU us",
        "burst: delivered /s",
        "CPU us",
    )
    return table(head, rows)


class Hearer:
    """A subscriber to all of MQTT, that counts."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.heard = 0
        self._counting = asyncio.create_task(self._count())

    async def _count(self) -> None:
        assert self._process.stdout  # noqa: S101  # a pipe
        while await self._process.stdout.readline():
            self.heard += 1

    async def until(self, count: int) -> None:
        """Wait until so many were heard."""
        while self.heard < count:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Hang up."""
        self._process.kill()
        await self._process.wait()
        await self._counting


async def mqtt(ground: Ground, notifier: Service, teller: Teller, count: int) -> str:
    """Measure how fast the notifier publishes a backlog, with a subscriber to everything."""
    start = 'xqueue_notifier_publishes_total{outcome="acknowledged"'
    arguments = ("-h", ground.mosquitto.host, "-p", str(ground.mosquitto.port), "-q", "1", "-t", "task/#")
    pipe = asyncio.subprocess.PIPE
    [tool, *_] = await require(TOOLS)
    hearer = Hearer(await asyncio.create_subprocess_exec(tool, *arguments, "-F", "%t", stdout=pipe, limit=1 << 20))
    while not hearer.heard:
        await teller.tell(1)  # the tool does not say when it has subscribed
        await asyncio.sleep(0.5)
    before, heard_before = await notifier.metric(start), hearer.heard
    used, began = notifier.cpu_s, time.perf_counter()
    await teller.tell(count)
    while await notifier.metric(start) < before + 2 * count:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.05)
    took, cpu = time.perf_counter() - began, notifier.cpu_s - used
    await hearer.until(heard_before + 2 * count)
    heard = time.perf_counter() - began
    await hearer.stop()
    row = (2 * count, round(2 * count / took), round(2 * count / heard), round(1e6 * cpu / 2 / count, 1))
    return table(("publishes", "acknowledged /s", "heard /s", "notifier's CPU us"), [row])


async def main(given: argparse.Namespace) -> None:
    """Measure and print."""
    async with AsyncExitStack() as stack:
        ground = Ground(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xq-bench-"))), stack)
        await ground.start()
        teller = Teller(ground.kafka.bootstrap)
        stack.push_async_callback(teller.stop)
        if "mqtt" in given.parts:
            async with ground.service("notifier") as notifier:
                await teller.take()
                await mqtt(ground, notifier, teller, 10_000)  # warms the JVM
                print(await mqtt(ground, notifier, teller, given.publishes // 2), end="\n\n", flush=True)
        async with ground.service("gateway") as gateway:
            await teller.take()
            if "idle" in given.parts:
                print(await idle(gateway, given.idle, given.seconds), end="\n\n", flush=True)
            if "fan-out" in given.parts:
                load = Load(given.subscribers, given.rate, given.seconds, given.burst)
                print(await fan_outs(gateway, teller, load, given.idle), flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", default=["mqtt", "idle", "fan-out"])
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=50, help="events a second, each to all subscribers")
    parser.add_argument("--burst", type=int, default=1_000, help="events at once, each to all subscribers")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--publishes", type=int, default=40_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
