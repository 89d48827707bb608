"""Saying that a rule holds, and that its property breaks without it."""

from collections.abc import Awaitable, Callable

import pytest
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.errors import XQueueError

Scenario = Callable[[World], Awaitable[None]]


async def must_raise(error: type[BaseException], step: Awaitable[object]) -> None:
    """Check that a step ends with this error."""
    try:
        await step
    except error:
        return
    message = f"this should have ended with {error.__name__}"
    raise AssertionError(message)


async def goes_on(*schedulers: Scheduler) -> None:
    """Let schedulers apply all there is; that must be possible."""
    for scheduler in schedulers:
        try:
            await scheduler.apply()
        except (XQueueError, TimeoutError) as error:
            message = f"{scheduler.name} cannot go on"
            raise AssertionError(message) from error


async def takes(scheduler: Scheduler) -> Scheduler:
    """Let a scheduler take the cell; that must be possible."""
    try:
        await scheduler.take()
    except XQueueError as error:
        message = f"{scheduler.name} cannot take the cell"
        raise AssertionError(message) from error
    return scheduler


async def breaks(scenario: Scenario, world: World) -> None:
    """Check that the property which this scenario is about breaks."""
    world.patience_s, world.is_broken = 0.5, True
    with pytest.raises(AssertionError):
        await scenario(world)
