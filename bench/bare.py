"""The bare chain: the least that any queue over Kafka must do, measured in the same run as the product."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.kafka.producer import Outgoing, Producer
from xqueue_common.kafka.tail import Tail
from xqueue_common.topics import Topic

_HOUR_MS = 3_600_000
_RELAY = Path(__file__).with_name("relay.py")


class BareChain:
    """A record goes from topic to topic, each hop a process that reads and produces; then it is read here.

    Two hops are one relay: submit, decide, tell. Four hops are three relays: submit, dispatch, report, tell.
    """

    def __init__(self, bootstrap: str, *, hops: int) -> None:
        self._bootstrap = bootstrap
        self._topics = [f"bare{hops}.{n}" for n in range(hops)]
        self._stack = AsyncExitStack()
        self._producer = Producer(bootstrap, client_id="bare")
        self._tail = Tail(bootstrap, self._topics[-1], 0, client_id="bare")

    async def __aenter__(self) -> Self:
        """Return when all relays read."""
        await ensure_topics(self._bootstrap, [Topic(name, 1, _HOUR_MS) for name in self._topics])
        for source, target in zip(self._topics, self._topics[1:], strict=False):
            relay = await asyncio.create_subprocess_exec(
                sys.executable, _RELAY, self._bootstrap, source, target, stdout=PIPE
            )
            self._stack.push_async_callback(_end, relay)
            if relay.stdout:
                await relay.stdout.readline()
        await self._producer.start()
        self._stack.push_async_callback(self._producer.stop)
        await self._tail.start(0)
        self._stack.push_async_callback(self._tail.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the relays."""
        await self._stack.aclose()

    async def once(self, value: bytes) -> float:
        """Send one record through and return how long it took, in seconds."""
        began = time.perf_counter()
        await self._producer.append(self._topics[0], 0, [Outgoing(value)])
        while not await self._tail.poll(max_records=10, timeout_ms=1_000):
            pass
        return time.perf_counter() - began


async def _end(relay: Process) -> None:
    relay.kill()
    await relay.wait()
