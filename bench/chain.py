"""`just bench chain`: how long an idle system takes from POST to `processing` and to the terminal event.

Both are seen on a WebSocket. Beside them, sample by sample in turn, a bare chain of as many Kafka hops: two to the
start (command, status), four to the result (command, dispatch, report, status).
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientSession, ClientWebSocketResponse
from bare import BareChain
from measure import Spread, table

from xqueue_embedded import System, SystemOptions

_WARM = 1_000
_SAMPLES = 300
_TERMINAL = {"success", "failed", "canceled", "timeout"}


class Latency(NamedTuple):
    """From POST to what a subscriber sees, in seconds."""

    answered: float
    started: float
    ended: float


class Client:
    """A client that submits one task at a time and watches it."""

    def __init__(self, http: ClientSession, socket: ClientWebSocketResponse) -> None:
        self._http = http
        self._socket = socket

    async def once(self) -> Latency:
        """Submit a task that does nothing, and wait until its end is pushed."""
        seen: dict[str, float] = {}
        began = time.perf_counter()
        answer = asyncio.create_task(self._submit())
        while not _TERMINAL & seen.keys():
            event: dict[str, Any] = json.loads(await self._socket.receive_str())
            if event["event"] == "status":
                seen.setdefault(event["task"]["status"], time.perf_counter() - began)
        end = next(iter(_TERMINAL & seen.keys()))
        return Latency(await answer - began, seen["processing"], seen[end])

    async def _submit(self) -> float:
        async with self._http.post("/api/v1/tasks", json={"type": "noop", "payload": {"n": 1}}) as response:
            response.raise_for_status()
            return time.perf_counter()


@asynccontextmanager
async def system() -> AsyncIterator[System]:
    """Run the whole system in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="xq-bench-") as folder:
        options = SystemOptions(state_dir=Path(folder), port=0)
        async with System(options) as running:
            yield running


async def sample(running: System) -> list[tuple[Latency, float, float]]:
    """Measure product and bare chains in turn; the first rounds are thrown away."""
    bootstrap = running.endpoints.kafka.bootstrap
    value = b"x" * 300
    async with (
        ClientSession(running.endpoints.gateway.url) as http,
        http.ws_connect("/api/v1/ws/tasks") as socket,
        BareChain(bootstrap, hops=2) as two,
        BareChain(bootstrap, hops=4) as four,
    ):
        client = Client(http, socket)
        await socket.receive_str()
        rounds = [
            (await client.once(), await two.once(value), await four.once(value)) for _ in range(_WARM + _SAMPLES)
        ]
    return rounds[_WARM:]


def report(rounds: list[tuple[Latency, float, float]]) -> str:
    """Return the table of all figures, in ms, with the ratios."""
    answered = Spread.of(1000 * latency.answered for latency, _, _ in rounds)
    started, two = _pair([(latency.started, bare) for latency, bare, _ in rounds])
    ended, four = _pair([(latency.ended, bare) for latency, _, bare in rounds])
    rows = [
        ("POST answered (202)", *answered, ""),
        ("start: POST to processing", *started, ""),
        ("bare chain, 2 hops", *two, f"{started.p50 / two.p50:.2f}"),
        ("result: POST to terminal", *ended, ""),
        ("bare chain, 4 hops", *four, f"{ended.p50 / four.p50:.2f}"),
    ]
    return table(("ms", "p50", "p90", "p99", "XQueue / bare, p50"), rows)


def _pair(pairs: list[tuple[float, float]]) -> tuple[Spread, Spread]:
    return Spread.of(1000 * ours for ours, _ in pairs), Spread.of(1000 * bare for _, bare in pairs)


async def main() -> None:
    """Measure and print."""
    async with system() as running:
        print(report(await sample(running)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
