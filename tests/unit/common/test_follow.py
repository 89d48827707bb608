"""A log is read on, whatever happens to it."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from xqueue_common.errors import PositionLost, Unavailable
from xqueue_common.kafka import follow as module
from xqueue_common.kafka.follow import follow

_PART = "kafka"


class Played:
    """Does what the script says, one word a call; at its end it waits for ever."""

    def __init__(self, **scripts: list[BaseException | None]) -> None:
        self._scripts = scripts
        self.said: list[str] = []
        self.over = asyncio.Event()

    def part(self, name: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            self.said.append(name)
            outcome = self._scripts[name].pop(0) if self._scripts[name] else asyncio.CancelledError()
            if isinstance(outcome, asyncio.CancelledError):
                self.over.set()
                await asyncio.Event().wait()
            if outcome is not None:
                raise outcome

        return act


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.0)


async def said(played: Played) -> list[str]:
    following = asyncio.create_task(follow("test", played.part("round"), played.part("place")))
    async with asyncio.timeout(10):
        await played.over.wait()
    following.cancel()
    await asyncio.wait([following])
    return played.said


async def test_what_goes_wrong_is_waited_out() -> None:
    played = Played(round=[None, Unavailable(_PART, "gone"), ZeroDivisionError(), None], place=[])

    assert await said(played) == ["round"] * 5


async def test_a_lost_position_is_found_before_the_next_round_however_often_that_fails() -> None:
    lost = PositionLost("topic", 0, 7)
    played = Played(round=[lost, None], place=[Unavailable(_PART, "gone"), ZeroDivisionError(), None])

    assert await said(played) == ["round", "place", "place", "place", "round", "round"]
