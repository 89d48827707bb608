"""Another policy stands in the place of ours: the example of the docs keeps the invariants, and its word."""

import random
import re
from pathlib import Path

import pytest
from redis.asyncio import Redis
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import by_order, check_invariants
from support.scheduler.making import cancel, configure, submission
from support.scheduler.serving import begun

from xqueue_common.events import Reorder, Reprioritize
from xqueue_common.limits import Limit, type_setting
from xqueue_common.task import StateRow
from xqueue_scheduler.store.functions import policy_text, source

PAGE = Path(__file__).parents[4] / "docs" / "policies.md"


def example() -> str:
    [text] = re.findall(r"```lua\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


def by_deadline(state: StateRow) -> float:
    if state.order < 0:
        return state.order
    return 2**52 if state.due_ms is None else state.due_ms


@pytest.fixture
async def edf(redis: Redis, namespace: str) -> BareCell:
    bare = await BareCell(redis, namespace).open()
    await redis.function_load(source(policy=example()), replace=True)
    return bare


async def test_the_earliest_deadline_comes_first_over_keys_and_tenants(edf: BareCell) -> None:
    timeouts = [9_000, 3_000, None, 7_000, 5_000]
    commands = [
        submission(tenant=f"t{i % 2}", key=f"k{i}", limit=5, queue_timeout_ms=timeout)
        for i, timeout in enumerate(timeouts)
    ]
    await edf.call(*commands)
    await check_invariants(edf.redis, edf.cell, by_deadline)
    await BareWorker(edf, "w").join()
    order = [dispatch.spec.queue_timeout_ms for _ in range(6) for dispatch in await begun(edf)]
    assert order == [3_000, 5_000, 7_000, 9_000, None]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("policy", ["ours", "edf"])
async def test_the_invariants_hold_under_either_policy(
    redis: Redis, namespace: str, policy: str, seed: int
) -> None:
    bare = await BareCell(redis, namespace).open()
    text = example() if policy == "edf" else policy_text()
    await redis.function_load(source(policy=text), replace=True)
    await BareWorker(bare, "w", slots=3, types=("t", "u")).join()
    chance = random.Random(seed)
    known: list[str] = []
    for _ in range(40):
        commands = [
            submission(
                tenant=chance.choice("ab"),
                key=chance.choice(["x", "y", None]),
                limit=chance.choice([1, 2]),
                type=chance.choice("tu"),
                priority=chance.choice([0, 3]),
                queue_timeout_ms=chance.choice([None, 60_000, 90_000]),
            )
            for _ in range(chance.randrange(4))
        ]
        known += [command.spec.task_id for command in commands]
        await bare.call(*commands)
        if known:
            task = chance.choice(known)
            await bare.call(
                chance.choice(
                    [
                        cancel(task, "a"),
                        Reprioritize(task, "b", chance.randrange(5)),
                        Reorder("q", [task]),
                        configure(type_setting("t"), Limit(max_concurrency=chance.choice([1, None]), weight=1.0)),
                    ]
                )
            )
        await begun(bare, chance.choice([0, 300]))
        await check_invariants(bare.redis, bare.cell, by_deadline if policy == "edf" else by_order)
