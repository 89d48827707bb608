"""`just bench webhooks`: how many webhooks a second go out, and what does one cost?

A notifier process that runs nothing but webhooks hears of tasks that have ended, and tells a receiver on this
machine that answers at once: a few lines of asyncio, so that what is measured is the sender. Timed from the first
call to the last delivery; Kafka, the sender and the receiver share the machine. In a second round every tenth
delivery more goes to a host that never answers: what does that take from the others?
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from measure import cpu_s, table

from xqueue_common.codec import encode
from xqueue_common.events import StatusRecord
from xqueue_common.ids import new_task_id
from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.lifecycle import Status
from xqueue_common.task import TaskSpec, TaskState, Webhook
from xqueue_common.topics import Topics
from xqueue_embedded import Kafka
from xqueue_embedded.ports import free_port

_BATCH = 1_000
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Sent(NamedTuple):
    """What was seen: deliveries a second, CPU of the notifier in us a delivery, calls that came more than once."""

    a_second: float
    cpu_us: float
    repeats: int


class Receiver:
    """Takes whatever comes, and knows when everything has."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self.calls = 0
        self.first = self.last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
                await reader.readexactly(int(fields[b"content-length"]))
                self._count(fields[b"webhook-id"])
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _count(self, webhook_id: bytes) -> None:
        self.calls += 1
        self.seen.add(webhook_id)
        self.last = time.perf_counter()
        self.first = self.first or self.last


async def _never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def _notifier(kafka: Kafka, prefix: str, folder: Path) -> AsyncIterator[int]:
    environment = {
        "XQ_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "XQ_TOPIC_PREFIX": prefix,
        "XQ_INBOXES": "1",
        "XQ_NOTIFIER_SINKS": "webhooks",
        "XQ_HISTORY_URL": f"sqlite:///{folder / 'history.db'}",
        "XQ_WEBHOOK_ALLOW_PRIVATE": "1",
        "XQ_WEBHOOK_SECRET": "a secret of the benchmark",
        "XQ_LOG_LEVEL": "warning",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "xqueue_notifier", env={**os.environ, **environment}
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _tell(kafka: Kafka, topics: Topics, urls: Iterable[str]) -> None:
    producer = Producer(kafka.bootstrap, client_id="bench")
    records = [Outgoing(encode(_ended(url))) for url in urls]
    for first in range(0, len(records), _BATCH):
        await producer.append(topics.status, 0, records[first : first + _BATCH])
    await producer.stop()


def _ended(url: str) -> StatusRecord:
    now_ms = time.time_ns() // 1_000_000
    spec = TaskSpec(new_task_id(0, now_ms), "noop", "default", "default", now_ms, webhook=Webhook(url))
    state = TaskState(Status.SUCCESS, 3, now_ms, attempt=1, finished_ms=now_ms)
    return StatusRecord(epoch=0, call=1, commands=0, reports=0, spec=spec, state=state)


async def measured(kafka: Kafka, folder: Path, *, number: int, dead_share: float) -> Sent:
    """Send so many to a receiver that is well, and a share of that to one that never answers."""
    prefix = f"b{time.time_ns()}."
    topics, receiver = Topics(prefix), Receiver()
    await ensure_topics(kafka.bootstrap, topics.layout(cells=1, inboxes=1))
    good, bad = free_port(), free_port()
    async with (
        await asyncio.start_server(receiver.serve, "127.0.0.1", good),
        await asyncio.start_server(_never, "127.0.0.1", bad),
    ):
        every = round(1 / dead_share) if dead_share else number + 1
        urls = [f"http://127.0.0.1:{good}/"] * number
        for place in range(every, number, every):
            urls.insert(place, f"http://127.0.0.1:{bad}/")
        await _tell(kafka, topics, urls)
        async with _notifier(kafka, prefix, folder) as pid:
            while not receiver.calls:  # noqa: ASYNC110  # what is timed is elsewhere
                await asyncio.sleep(0.005)
            before = cpu_s(pid)
            while len(receiver.seen) < number:  # noqa: ASYNC110  # likewise
                await asyncio.sleep(0.005)
            cpu_us = (cpu_s(pid) - before) / number * 1e6
    took_s = receiver.last - receiver.first
    return Sent(number / took_s, cpu_us, receiver.calls - len(receiver.seen))


async def main(number: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        kafka = Kafka(state_dir=Path(folder) / "kafka")
        await kafka.start()
        try:
            await measured(kafka, Path(folder), number=min(number, 1_000), dead_share=0)  # a cold JVM
            rows = [
                (name, *await measured(kafka, Path(folder), number=number, dead_share=share))
                for name, share in (("all answer", 0.0), ("every tenth host never answers", 0.1))
            ]
        finally:
            await kafka.stop()
    print(table(("receivers", "deliveries/s", "notifier CPU us a delivery", "repeats"), rows))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--number", type=int, default=10_000)
    asyncio.run(main(arguments.parse_args().number))
