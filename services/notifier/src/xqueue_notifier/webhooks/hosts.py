"""How much of this process each receiving host may take up, and whether it may be called at all."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

from xqueue_notifier.metrics import BREAKERS, UNDER_WAY
from xqueue_notifier.webhooks.breaker import Breaker, BreakerSettings

_QUEUED = 10
"""As many times what a host is sent at once may wait in memory for its turn."""
_MOST_BYTES = 64 * 1024 * 1024
_MOST_REMEMBERED = 10_000


class Room(NamedTuple):
    """How many deliveries a host is sent at once, and how many there may be in memory in all."""

    per_host: int
    in_all: int


class Host:
    """One host: who waits for a turn there, and its breaker."""

    def __init__(self, name: str, room: Room, settings: BreakerSettings) -> None:
        self.name = name
        self.breaker = Breaker(settings)
        self.turn = asyncio.Semaphore(room.per_host)
        self.count = 0


class Seat(NamedTuple):
    """The place of one delivery in memory."""

    host: Host
    size: int


class Hosts:
    """The hosts are responsible for none of them taking so much that another one has to wait."""

    def __init__(self, room: Room, settings: BreakerSettings) -> None:
        self._room = room
        self._settings = settings
        self._hosts: dict[str, Host] = {}
        self._count = 0
        self._bytes = 0
        self._left = asyncio.Event()
        self._open: set[str] = set()

    def take(self, url: str, size: int) -> Seat | None:
        """Return a seat for a delivery of so many bytes, to be left again; None if there is no room now."""
        name = host_of(url)
        host = self._hosts.get(name) or Host(name, self._room, self._settings)
        full = self._count >= self._room.in_all or (self._count and self._bytes + size > _MOST_BYTES)
        if full or host.count >= self._room.per_host * (1 + _QUEUED):
            return None
        self._hosts[name] = host
        host.count += 1
        self._add(1, size)
        return Seat(host, size)

    def leave(self, seat: Seat) -> None:
        """Give a seat back."""
        host = seat.host
        host.count -= 1
        self._add(-1, -seat.size)
        self._left.set()
        self._left = asyncio.Event()
        if host.count == 0 and (host.breaker.spotless or len(self._hosts) > _MOST_REMEMBERED):
            del self._hosts[host.name]
        (self._open.discard if host.breaker.closed else self._open.add)(host.name)
        BREAKERS.set(len(self._open))

    async def someone_leaves(self) -> None:
        """Return as soon as a seat is given back."""
        await self._left.wait()

    def _add(self, count: int, size: int) -> None:
        self._count += count
        self._bytes += size
        UNDER_WAY.set(self._count)


class Patience:
    """How long somebody waits for seats in all."""

    def __init__(self, hosts: Hosts, most_s: float) -> None:
        self._hosts = hosts
        self._until = asyncio.get_running_loop().time() + most_s

    async def someone_left(self) -> bool:
        """Return as soon as a seat was given back: True; or False: the patience is at its end."""
        try:
            async with asyncio.timeout_at(self._until):
                await self._hosts.someone_leaves()
        except TimeoutError:
            return False
        return True


def host_of(url: str) -> str:
    """Return what an address leads to: a host and its port, or the address itself if it makes no sense."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return url
    return f"{(parts.hostname or '').rstrip('.')}:{port}"
