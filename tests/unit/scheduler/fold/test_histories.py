"""Histories are the same for the same seed, and made shorter as long as they fail."""

from random import Random

from support.scheduler.fold.shrinking import shrunk
from support.scheduler.fold.steps import History, Step, draw


def test_the_same_seed_draws_the_same_history() -> None:
    assert draw(Random(3)) == draw(Random(3))
    assert draw(Random(3)) != draw(Random(4))


async def test_a_history_that_fails_is_made_as_short_as_it_can_be() -> None:
    async def fails(history: History) -> bool:
        return _is_bad(history)

    history = next(found for seed in range(1_000) if _is_bad(found := draw(Random(seed))))
    shorter = await shrunk(history, fails, within_s=20)
    assert _is_bad(shorter)
    assert len(shorter) <= 3
    kept = [spec for step in shorter if step.name == "submit" for spec in step.args[0]]
    assert [spec.keys() <= {"tenant", "queue", "type"} for spec in kept] == [True, True]


def _is_bad(history: History) -> bool:
    tenants = [spec["tenant"] for step in history if step.name == "submit" for spec in step.args[0]]
    return tenants.count("a") >= 2 and Step("save") in history
