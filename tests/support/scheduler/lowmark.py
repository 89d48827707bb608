"""The low-water mark as the log has it, and what retention may take by it."""

from support.scheduler.world import World

from xqueue_common.events import LowWater
from xqueue_scheduler.lowwater import find_low_water


async def low_water(world: World) -> LowWater:
    tail = world.logs.tail(world.topics.status, 0)
    await tail.start(0)
    try:
        return await find_low_water(tail, await tail.end())
    finally:
        await tail.stop()


async def forget_before(world: World, low: LowWater) -> None:
    """Retention takes all that a rebuild should not need."""
    await world.logs.forget(world.topics.status, 0, low.status)
    await world.logs.forget(world.topics.commands, 0, low.commands)
    await world.logs.forget(world.topics.reports, 0, low.reports)
