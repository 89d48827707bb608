"""No host takes up the room of all."""

import asyncio

from xqueue_notifier.webhooks.breaker import BreakerSettings
from xqueue_notifier.webhooks.hosts import Hosts, Patience, Room, host_of

SLOW, FAST = "https://slow.example/a", "https://fast.example/b"


def hosts(per_host: int = 1, in_all: int = 100) -> Hosts:
    return Hosts(Room(per_host, in_all), BreakerSettings(3, 1_000))


def test_a_host_that_is_full_leaves_room_for_others() -> None:
    room = hosts()
    seats = [room.take(SLOW, 1) for _ in range(20)]
    assert len([seat for seat in seats if seat]) == 11
    assert room.take("https://SLOW.example:443/other", 1) is None
    seat = room.take(FAST, 1)
    assert seat is not None
    assert room.take(FAST, 1) is not None


def test_there_is_an_end_to_deliveries_and_to_their_bytes_but_one_alone_always_fits() -> None:
    room = hosts(in_all=2)
    assert [bool(room.take(f"https://{n}.example", 1)) for n in range(3)] == [True, True, False]
    heavy = hosts()
    first = heavy.take(SLOW, 1 << 30)
    assert first is not None
    assert heavy.take(FAST, 1) is None
    heavy.leave(first)
    assert heavy.take(FAST, 1) is not None


async def test_who_waits_for_room_is_woken_and_gives_up_in_the_end() -> None:
    room = hosts(in_all=1)
    seat = room.take(SLOW, 1)
    assert seat is not None
    waiting = asyncio.create_task(Patience(room, 30).someone_left())
    await asyncio.sleep(0)
    room.leave(seat)
    assert await waiting
    assert not await Patience(room, 0).someone_left()


def test_what_an_address_leads_to() -> None:
    assert host_of("https://A.example./x?y") == host_of("https://u:p@a.example:443") == "a.example:443"
    assert host_of("http://a.example") == "a.example:80"
    assert host_of("http://[") == "http://["
