"""Which sinks a process runs, and what every kind of them looks like to it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Protocol

from xqueue_common.errors import ConfigError
from xqueue_common.ops import Health
from xqueue_notifier.history.agents import HistoryAgents
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.mqtt.agents import MqttAgents
from xqueue_notifier.settings import NotifierSettings
from xqueue_notifier.webhooks.agents import WebhookAgents

Run = Callable[[], Awaitable[None]]


class Agents(Protocol):
    """The agents of one kind of sink, not running yet."""

    def all(self) -> Iterator[tuple[str, Run]]:
        """Yield every agent's name and what runs it."""

    async def release(self) -> None:
        """Release what the agents used; they must have ended."""


_KINDS: Mapping[str, Callable[[NotifierSettings, Intakes, Health], Agents]] = {
    "history": HistoryAgents,
    "mqtt": MqttAgents,
    "webhooks": WebhookAgents,
}


def chosen(settings: NotifierSettings, intakes: Intakes, health: Health) -> list[Agents]:
    """Return the agents of the sinks that this process is to run.

    Raises:
        ConfigError: there is no such sink, or an address makes no sense.
    """
    names = [name.strip() for name in settings.notifier_sinks.split(",")]
    unknown = [name for name in names if name not in _KINDS]
    if unknown:
        msg = f"XQ_NOTIFIER_SINKS: {unknown[0]!r} is none of {', '.join(_KINDS)}"
        raise ConfigError(msg)
    return [_KINDS[name](settings, intakes, health) for name in dict.fromkeys(names)]
