"""`just bench sinks`: the MQTT broker, then PostgreSQL is dead under load: what is lost, who is disturbed?

The whole system with its history in PostgreSQL. Tasks that do nothing are submitted all the time. Told of their
ends are a subscriber to MQTT (quality of service 1, resubscribes when it comes back), the history, which is asked
five times a second, and a receiver of webhooks. A broker is killed (SIGKILL) and stays away. In the end each sink
must have been told of each end; its delay is counted from the end itself, by the phase in which that happened.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
from aiohttp import web
from measure import Spread, table
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from xqueue_embedded import Postgres, System, SystemOptions
from xqueue_embedded.ports import LOOPBACK, free_port

_BATCH_S = 0.1
_LOOK_S = 0.2
_OVERLAP_MS = 10_000
_PATIENCE_S = 120


class Told:
    """What one sink was told of: each task's end, and when."""

    def __init__(self) -> None:
        self.delays: dict[str, tuple[float, float]] = {}
        self.repeats = 0

    def end(self, task_id: str, at: float) -> None:
        """Take note of an end that happened at ``at``, in s since 1970."""
        if task_id in self.delays:
            self.repeats += 1
        else:
            self.delays[task_id] = (at, time.time() - at)

    def by_phase(self, phases: list[tuple[str, float]]) -> dict[str, list[float]]:
        """Return the delays of the ends of each phase; phases are given with their beginnings."""
        found = defaultdict[str, list[float]](list)
        for at, delay in self.delays.values():
            found[[name for name, began in phases if began <= at][-1]].append(1e3 * delay)
        return found


def _note(told: Told, snapshot: dict[str, Any]) -> None:
    if snapshot.get("finished_at"):
        told.end(snapshot["task_id"], datetime.fromisoformat(snapshot["finished_at"]).timestamp())


@asynccontextmanager
async def mqtt(port: int) -> AsyncIterator[Told]:
    """Listen to MQTT as users do."""
    told = Told()
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-sinks", protocol=MQTTv5)
    client.on_connect = lambda client, *_: client.subscribe("task/status/+", qos=1)
    client.on_message = lambda _client, _data, message: _note(told, msgspec.json.decode(message.payload))
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.connect(LOOPBACK, port, clean_start=False)
    client.loop_start()
    try:
        yield told
    finally:
        client.disconnect()
        client.loop_stop()


@asynccontextmanager
async def webhooks(http: httpx2.AsyncClient) -> AsyncIterator[Told]:
    """Receive webhooks."""
    told, port = Told(), free_port()

    async def take(request: web.Request) -> web.Response:
        body = msgspec.json.decode(await request.read())
        _note(told, body.get("data", body))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    order = {"url": f"http://{LOOPBACK}:{port}/", "events": ["success", "failed", "canceled", "timeout"]}
    (await http.post("/api/v1/webhooks", json=order)).raise_for_status()
    try:
        yield told
    finally:
        await runner.cleanup()


@asynccontextmanager
async def history(url: str) -> AsyncIterator[Told]:
    """Ask the history again and again."""
    told = Told()
    asking = asyncio.create_task(_ask(url, told))
    try:
        yield told
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _ask(url: str, told: Told) -> None:
    since = int(time.time() * 1000)
    query = "select task_id, finished_ms from tasks where finished_ms >= $1"
    while True:
        try:
            async with asyncio.timeout(5):
                connection = await asyncpg.connect(url)
            try:
                while True:
                    now = int(time.time() * 1000)
                    for task_id, finished_ms in await connection.fetch(query, since):
                        if task_id not in told.delays:
                            told.end(task_id, finished_ms / 1000)
                    await asyncio.sleep(_LOOK_S)
                    since = min(now, _behind(now, told)) - _OVERLAP_MS
            finally:
                connection.terminate()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(_LOOK_S)


def _behind(now: int, told: Told) -> int:
    """Return the time up to which ends have come: while the history catches up they are old."""
    last = next(reversed(told.delays.values()), (now / 1000, 0.0))
    return int(last[0] * 1000)


async def load(http: httpx2.AsyncClient, rate: int, stop: asyncio.Event) -> set[str]:
    """Submit tasks until told to stop; return the ids of those that were accepted."""
    accepted = set[str]()
    batch = {"tasks": [{"type": "noop", "payload": {}}] * max(1, round(rate * _BATCH_S))}
    while not stop.is_set():
        began = time.perf_counter()
        items = (await http.post("/api/v1/tasks/batch", json=batch)).json().get("items", ())
        accepted.update(item["task_id"] for item in items if "task_id" in item)
        await asyncio.sleep(max(0.0, _BATCH_S - (time.perf_counter() - began)))
    return accepted


async def outages(system: System, database: Postgres, seconds: float) -> list[tuple[str, float]]:
    """Kill one after the other; return the phases with their beginnings."""
    phases = [("before", 0.0)]
    await asyncio.sleep(seconds)
    async with system.down("mosquitto"):
        phases.append(("MQTT dead", time.time()))
        await asyncio.sleep(seconds)
    phases.append(("between", time.time()))
    await asyncio.sleep(seconds)
    database.kill()
    await database.wait()
    phases.append(("PostgreSQL dead", time.time()))
    await asyncio.sleep(seconds)
    phases.append(("after", time.time()))
    await database.start()
    await asyncio.sleep(seconds)
    return phases


def report(sinks: dict[str, Told], accepted: set[str], phases: list[tuple[str, float]]) -> str:
    """Return the tables."""
    rows = [
        (name, len(accepted), len(told.delays.keys() & accepted), len(accepted - told.delays.keys()), told.repeats)
        for name, told in sinks.items()
    ]
    lost = table(("sink", "accepted", "told of their end", "lost", "told again"), rows)
    found = {name: told.by_phase(phases) for name, told in sinks.items()}
    delays = [
        (
            phase,
            *(f"{(s := Spread.of(d[phase])).p50:.0f} / {s.p99:.0f}" if d[phase] else "-" for d in found.values()),
        )
        for phase, _ in phases
    ]
    return lost + "\n\n" + table(("delay of ends, p50 / p99 ms", *sinks), delays)


def _spread(delays: list[float]) -> str:
    if not delays:
        return "-"
    spread = Spread.of(delays)
    return f"{spread.p50:.0f} / {spread.p99:.0f}"


async def until_told(sinks: dict[str, Told], accepted: set[str]) -> None:
    """Wait until all are told of all, or hope is lost."""
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up and any(accepted - told.delays.keys() for told in sinks.values()):  # noqa: ASYNC110
        await asyncio.sleep(0.2)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder that other users may enter: as root, PostgreSQL runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def main(rate: int, seconds: float) -> None:
    """Measure and print."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_folder())
        database = Postgres(state_dir=folder)
        await database.start()
        stack.push_async_callback(database.stop)
        env = {"XQ_HISTORY_URL": database.url, "XQ_WEBHOOK_ALLOW_PRIVATE": "1"}
        system = await stack.enter_async_context(System(SystemOptions(state_dir=folder, port=0, env=env)))
        url = system.endpoints.gateway.url
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=url, timeout=90))
        sinks = {
            "mqtt": await stack.enter_async_context(mqtt(system.endpoints.mqtt.port)),
            "history": await stack.enter_async_context(history(database.url)),
            "webhooks": await stack.enter_async_context(webhooks(http)),
        }
        stop = asyncio.Event()
        submitting = asyncio.create_task(load(http, rate, stop))
        phases = await outages(system, database, seconds)
        stop.set()
        accepted = await submitting
        await until_told(sinks, accepted)
        print(f"{rate} tasks/s, {seconds:g} s a phase\n")
        print(report(sinks, accepted, phases))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="tasks a second")
    parser.add_argument("--seconds", type=float, default=60, help="of each of the five phases")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.rate, given.seconds)))
