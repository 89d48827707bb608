import asyncio
import os
import signal
from collections.abc import Iterator

import pytest
from support.eventually import eventually

from xqueue_embedded.console.stop_signals import StopSignals


@pytest.fixture(autouse=True)
def former_handlers() -> Iterator[None]:
    """The process goes on after these tests, unlike after an `up`."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_first_asks_and_the_next_insists() -> None:
    heard, clock = [], Clock()
    with StopSignals(
        first=lambda: heard.append("stop"), again=lambda: heard.append("kill"), clock=clock
    ) as signals:
        for count in (1, 2, 3):
            os.kill(os.getpid(), signal.SIGINT)
            await eventually(lambda count=count: signals.count == count)  # type: ignore[misc]  # bound on purpose
            clock.now += 2.0

    assert heard == ["stop", "kill", "kill"]


async def test_two_at_once_are_one_ctrl_c() -> None:
    heard = []
    with StopSignals(first=lambda: heard.append("stop"), again=lambda: heard.append("kill"), clock=Clock()):
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        await eventually(lambda: heard)
        await asyncio.sleep(0)  # the second one has been heard in the same round of the loop

    assert heard == ["stop"]
