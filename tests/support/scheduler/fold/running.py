"""Walks by the seeds of their histories; one that fails is made shorter and said so that anybody can repeat it."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import count
from random import Random

from redis.asyncio import Redis
from structlog.testing import capture_logs
from support.scheduler.fold.following import Follower
from support.scheduler.fold.shrinking import Fails, shrunk
from support.scheduler.fold.steps import History, draw
from support.scheduler.fold.walker import Ground, Walker

from xqueue_scheduler.store import functions

OpenGround = Callable[[Redis, str], AbstractAsyncContextManager[Ground]]

SHRINK_S = float(os.environ.get("XQ_WALK_SHRINK_S", "20"))
"""How long a history that fails is made shorter."""


@dataclass
class Walks:
    """Walks on one kind of ground, and how many there were.

    Attributes:
        redis: where.
        namespace: a prefix that nobody else uses.
        ground: opens a ground.
    """

    redis: Redis
    namespace: str
    ground: OpenGround
    histories: int = 0
    calls: int = 0
    grants: int = 0

    async def walk(self, seeds: Iterable[int]) -> None:
        """Load the functions, and walk along a history for each seed.

        Raises:
            AssertionError: says how to repeat the first that failed, and a shorter one that fails likewise.
        """
        await functions.load(self.redis)
        for seed in seeds:
            history = draw(Random(seed))
            if error := await self.try_history(history):
                shorter = await shrunk(history, self._fails_like(error), within_s=SHRINK_S)
                last = await self.try_history(shorter) or error
                raise AssertionError(_told(seed, shorter, last)) from last

    async def try_history(self, history: History) -> Exception | None:
        """Walk along one history; return how it failed."""
        self.histories += 1
        namespace = f"{self.namespace}-{self.histories}"
        with capture_logs():  # a history may rebuild its cell ten times
            return await self._try_in(namespace, history)

    async def _try_in(self, namespace: str, history: History) -> Exception | None:
        async with self.ground(self.redis, namespace) as ground:
            try:
                await Walker(ground).walk(history)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is to be told with its history
                return error
            finally:
                self._count(ground.follower)
        return None

    def _count(self, follower: Follower) -> None:
        self.calls += follower.calls
        self.grants += len(follower.sent)

    def _fails_like(self, first: Exception) -> Fails:
        async def fails(history: History) -> bool:
            error = await self.try_history(history)
            return error is not None and _kind(error) == _kind(first)

        return fails


def _kind(error: Exception) -> tuple[type, str]:
    return type(error), str(error).partition(":")[0][:12]


def _told(seed: int, history: History, error: Exception) -> str:
    steps = "\n".join(f"    {step.name} {' '.join(map(repr, step.args))}" for step in history)
    again = f"XQ_WALK_SEED={seed} XQ_WALK_EXAMPLES=1"
    return f"{type(error).__name__}: {error}\nwalk it again with {again}; in short:\n{steps}"


def seeds_until(first: int, end: float) -> Iterator[int]:
    """Return seeds, one after the other, until a time of the monotonic clock."""
    for seed in count(first):
        if time.monotonic() >= end:
            return
        yield seed
