"""The walks of `test_walk.py` for as many seconds as `XQ_SOAK_S` says, along new histories.

    XQ_SOAK_S=600 uv run pytest -s -m soak tests/integration/scheduler/test_walk_soak.py

No part of an ordinary run: without `XQ_SOAK_S` there is nothing to collect here. With `-s` it says how far it is. A
history that fails is told with its seed, and how to walk it again (see `test_walk.py`).
"""

import os
import sys
import time

import pytest
from redis.asyncio import Redis
from support.scheduler.fold.bareground import bare_ground
from support.scheduler.fold.running import Walks, seeds_until
from support.scheduler.fold.worldground import world_ground
from support.scheduler.walking import SEED

__test__ = "XQ_SOAK_S" in os.environ

SOAK_S = float(os.environ.get("XQ_SOAK_S", "0"))
SLICE_S = 10.0
"""The grounds take turns; how far it is, is said after each turn."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


async def test_cells_behave_like_their_model_for_a_long_time(redis: Redis, namespace: str) -> None:
    grounds = [Walks(redis, f"{namespace}b", bare_ground), Walks(redis, f"{namespace}w", world_ground)]
    seed, begin = SEED, time.monotonic()
    while time.monotonic() < begin + SOAK_S:
        for walks in grounds:
            before = walks.histories
            await walks.walk(seeds_until(seed, min(time.monotonic() + SLICE_S, begin + SOAK_S)))
            seed += walks.histories - before
        _say(time.monotonic() - begin, seed, grounds)


def _say(since_s: float, seed: int, grounds: list[Walks]) -> None:
    histories, calls = sum(it.histories for it in grounds), sum(it.calls for it in grounds)
    sys.stderr.write(f"{since_s:6.0f} s  {histories} histories  {calls} calls  next seed {seed}\n")
