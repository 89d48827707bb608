"""R1 again: the low-water mark that a replaced owner writes is as void as its records."""

import pytest
from msgspec import Raw, structs
from support.scheduler.proving import breaks, goes_on
from support.scheduler.world import World

from xqueue_common.codec import encode
from xqueue_common.events import LowWater, StatusRecord, read_status
from xqueue_common.kafka.producer import Outgoing
from xqueue_scheduler import lowwater
from xqueue_scheduler.records import LOW_WATER


async def a_zombie_tells_a_low_water_mark(world: World) -> None:
    """A zombie wrote the only open task again, and then that nothing before is needed; both behind a takeover."""
    zombie = await world.owner("zombie")
    task = await world.submit("the payload")
    await zombie.apply()
    await world.append_takeover()
    [_, first, *_] = await world.records(world.topics.status)
    record = read_status(first.value)
    assert isinstance(record, StatusRecord)
    repeated = structs.replace(record, call=record.call + 1, payload=Raw(b'"the payload"'))
    relying = structs.replace(record, call=record.call + 2, payload=Raw(b'"the payload"'))
    producer = world.logs.producer("zombie")
    await producer.append(world.topics.status, 0, [Outgoing(encode(repeated))])
    mark = (LOW_WATER, encode(LowWater(4, 1, 0)))
    world.appended(
        world.topics.status,
        0,
        await producer.append(world.topics.status, 0, [Outgoing(encode(relying), headers=[mark])]),
    )
    await producer.stop()
    await world.flush()

    successor = await world.owner("successor")
    await world.worker()
    await goes_on(successor)

    await world.agrees()
    assert world.log.status(task) == "processing"
    assert bytes((await world.dispatch_of(task)).payload) == b'"the payload"'


async def test_a_low_water_mark_behind_a_takeover_does_not_count(anywhere: World) -> None:
    await a_zombie_tells_a_low_water_mark(anywhere)


async def test_if_any_mark_counted_an_open_task_would_be_lost(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lowwater, "_counts", lambda _record, _valid: True)
    await breaks(a_zombie_tells_a_low_water_mark, paper)
