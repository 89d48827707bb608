"""What the three doors tell of a test's tasks: GET, the WebSocket and MQTT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from integration.gateway.running import Door
from integration.notifier.subscriber import Subscriber, subscribed
from support.eventually import eventually

Task = dict[str, Any]


class Sight:
    """Looks and listens."""

    def __init__(self, door: Door, mqtt: Subscriber) -> None:
        self.door = door
        self.mqtt = mqtt
        self.events: list[dict[str, Any]] = []

    async def listen(self, socket: Any) -> None:
        """Note all events."""
        async for message in socket:
            self.events.append(msgspec.json.decode(message))

    async def seen(self, task_id: str, status: str) -> None:
        """Wait until a task was seen with this status through every door."""
        await eventually(lambda: self._read(task_id, status))
        await eventually(lambda: [task for task in self.pushed(task_id) if task["status"] == status])
        await eventually(lambda: [told for told in self.told(task_id) if told["status"] == status])
        await eventually(lambda: self._told_by_status(task_id, status))

    def pushed(self, task_id: str, event: str = "status") -> list[Task]:
        """Return what the WebSocket told of a task."""
        told = [message["task"] for message in self.events if message["event"] == event]
        return [task for task in told if task["task_id"] == task_id]

    def told(self, task_id: str, kind: str = "status") -> list[Task]:
        """Return what MQTT told of a task."""
        return [heard.snapshot for heard in self.mqtt.on(f"task/{kind}/{task_id}")]

    async def _read(self, task_id: str, status: str) -> bool:
        task = await self.door.task(task_id)
        return bool(task["status"] == status)

    def _told_by_status(self, task_id: str, status: str) -> bool:
        heard = self.mqtt.on(f"task/status/status/{status}")
        return any(message.snapshot["task_id"] == task_id for message in heard)


@asynccontextmanager
async def sight(door: Door, mqtt_port: int) -> AsyncIterator[Sight]:
    """Look and listen as long as the block lasts."""
    async with subscribed(mqtt_port, "task/#") as mqtt, door.connected() as socket:
        seeing = Sight(door, mqtt)
        listening = asyncio.create_task(seeing.listen(socket))
        await eventually(lambda: seeing.events)
        yield seeing
        listening.cancel()
        await asyncio.wait([listening])
