"""One after the other, by name."""

import asyncio

from xqueue_gateway.tasks.turns import Turns


async def test_those_who_want_the_same_name_take_turns() -> None:
    turns, inside, most = Turns(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with turns.of({"a"}):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(20)))

    assert most == 1


async def test_those_who_want_different_names_do_not_wait_for_each_other() -> None:
    turns = Turns()

    async with turns.of({"a"}), turns.of({"b", "c"}):
        pass


async def test_those_who_want_several_names_never_wait_for_each_other_for_ever() -> None:
    turns = Turns()

    async def work(*names: str) -> None:
        async with turns.of(set(names)):
            await asyncio.sleep(0)

    async with asyncio.timeout(30):
        await asyncio.gather(*(work("a", "b", "c") if i % 2 else work("c", "b", "a") for i in range(50)))


async def test_a_name_that_nobody_wants_any_more_is_forgotten() -> None:
    turns = Turns()
    async with turns.of({"a"}):
        pass

    assert not turns._locks
