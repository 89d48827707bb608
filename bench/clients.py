"""Clients of an HTTP door, as a program of its own: they cost as little of the shared CPU as can be in Python.

Each is a keep-alive connection over a plain socket; requests are bytes made beforehand. In a closed loop every
client sends its next request when it has its answer. In an open loop requests are due at fixed moments, whoever is
late: what a request waits for a free client counts as its latency.
"""

import json
import re
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from measure import Spread

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PIECE = 1 << 18


class Ask(NamedTuple):
    """A request."""

    method: str
    path: str
    body: str = ""


class Plan(NamedTuple):
    """What to send for how long; ``rate`` a second, 0: a closed loop. ``asks`` go round."""

    host: str
    port: int
    clients: int
    seconds: float
    rate: float
    headers: dict[str, str]
    asks: list[Ask]


class Figures(NamedTuple):
    """What was seen: latencies in ms, CPU of the clients in seconds, and other statuses than 2xx by number."""

    answers: int
    seconds: float
    p50: float
    p90: float
    p99: float
    longest: float
    cpu_s: float
    refused: dict[str, int]


class _Client:
    """One connection; with a request under way or free."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self._due = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._socket.sendall(request)

    def receive(self) -> tuple[int, float] | None:
        """Return the status and the latency in ms, once the answer is whole."""
        piece = self._socket.recv(_PIECE)
        if not piece:
            msg = "the gateway has closed a connection"
            raise ConnectionResetError(msg)
        answer = self._answer = self._answer + piece
        head = answer.find(b"\r\n\r\n")
        length = _LENGTH.search(answer, 0, head) if head >= 0 else None
        if length is None or len(answer) < head + 4 + int(length[1]):
            return None
        self._answer = b""
        return int(answer[9:12]), 1000 * (time.perf_counter() - self._due)


class _Sample:
    """What has been answered so far."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.refused: Counter[int] = Counter()

    def note(self, status: int, latency_ms: float) -> None:
        self.latencies.append(latency_ms)
        if not 200 <= status < 300:
            self.refused[status] += 1


def run(plan: Plan) -> Figures:
    """Send what is planned."""
    requests = [_request(plan, ask) for ask in plan.asks]
    clients = [_Client((plan.host, plan.port)) for _ in range(plan.clients)]
    sample, cpu, began = _Sample(), time.process_time(), time.perf_counter()
    (_open_loop if plan.rate else _closed_loop)(plan, clients, requests, sample)
    elapsed, used = time.perf_counter() - began, time.process_time() - cpu
    for client in clients:
        client.close()
    spread, refused = Spread.of(sample.latencies), {str(status): n for status, n in sample.refused.items()}
    return Figures(len(sample.latencies), elapsed, *spread, max(sample.latencies), used, refused)


def _closed_loop(plan: Plan, clients: list[_Client], requests: Sequence[bytes], sample: _Sample) -> None:
    sent, end = 0, time.perf_counter() + plan.seconds
    free, busy = list(clients), set[_Client]()
    while busy or free:
        for client in free:
            client.send(requests[sent % len(requests)], time.perf_counter())
            sent += 1
        busy.update(free)
        answered = _receive(busy, None, sample)
        busy.difference_update(answered)
        free = answered if time.perf_counter() < end else []


def _open_loop(plan: Plan, clients: list[_Client], requests: Sequence[bytes], sample: _Sample) -> None:
    began, sent, count = time.perf_counter(), 0, round(plan.rate * plan.seconds)
    free, busy = list(clients), set[_Client]()
    while busy or sent < count:
        due = began + sent / plan.rate
        if sent < count and free and due <= time.perf_counter():
            client = free.pop()
            client.send(requests[sent % len(requests)], due)
            busy.add(client)
            sent += 1
            continue
        patience = max(0.0, due - time.perf_counter()) if free and sent < count else None
        answered = _receive(busy, patience, sample)
        busy.difference_update(answered)
        free += answered


def _receive(busy: set[_Client], patience: float | None, sample: _Sample) -> list[_Client]:
    """Return the clients that have their answers."""
    readable, _, _ = select.select(busy, (), (), patience)
    answered = []
    for client in readable:
        if (answer := client.receive()) is not None:
            sample.note(*answer)
            answered.append(client)
    return answered


def _request(plan: Plan, ask: Ask) -> bytes:
    body = ask.body.encode()
    headers = {"Host": f"{plan.host}:{plan.port}", **plan.headers}
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{ask.method} {ask.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def plan_of(text: str) -> Plan:
    """Read a plan."""
    given: dict[str, Any] = json.loads(text)
    return Plan(**{**given, "asks": [Ask(*ask) for ask in given["asks"]]})


if __name__ == "__main__":
    print(json.dumps(run(plan_of(sys.stdin.read()))._asdict()))
