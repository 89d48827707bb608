"""Waiting for something to happen to one task."""

import asyncio
from collections.abc import Callable

from xqueue_common.task import TaskState
from xqueue_gateway.push.events import Event, StatusEvent


class Watch:
    """The last thing heard of one task, for a request that waits for a certain state."""

    def __init__(self, *, closed: bool = False) -> None:
        self._heard: StatusEvent | None = None
        self._news = asyncio.Event()
        self._closed = closed

    def hear(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, StatusEvent) and (self._heard is None or event.version > self._heard.version):
            self._heard = event
            self._news.set()

    def close(self) -> None:
        """End all waiting."""
        self._closed = True
        self._news.set()

    async def until(self, wanted: Callable[[TaskState], bool], timeout_s: float) -> StatusEvent | None:
        """Return the first version heard that is as wanted; None if none came in time or the gateway stops."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._closed:
                    if self._heard is not None and wanted(self._heard.state):
                        return self._heard
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        return None
