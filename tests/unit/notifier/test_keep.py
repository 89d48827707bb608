import asyncio

import pytest
from support.eventually import eventually

from xqueue_common.errors import Unavailable
from xqueue_notifier.backoff import Backoff
from xqueue_notifier.keep import keep_running


def test_waits_double_up_to_a_limit() -> None:
    wait = Backoff(chance=lambda: 0.0)

    assert [round(wait.next_s(), 1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_chance_shortens_a_wait_by_half_at_most() -> None:
    assert Backoff(chance=lambda: 1.0).next_s() == pytest.approx(0.1)


def test_a_success_makes_the_next_wait_short_again() -> None:
    wait = Backoff(chance=lambda: 0.0)
    wait.next_s()
    wait.next_s()
    wait.reset()

    assert wait.next_s() == pytest.approx(0.2)


class NoWait(Backoff):
    def next_s(self) -> float:
        return 0.0


@pytest.mark.parametrize("failure", [Unavailable("kafka", "gone"), ZeroDivisionError("a bug")])
async def test_an_agent_that_fails_is_run_again(failure: Exception) -> None:
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise failure
        await asyncio.Event().wait()

    keeper = asyncio.create_task(keep_running("frail", run, NoWait()))
    await eventually(lambda: runs == 3)

    keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeper
