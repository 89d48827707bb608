"""The agents that tell MQTT."""

from collections.abc import Awaitable, Callable, Iterator

from xqueue_common.clock import SystemClock
from xqueue_common.events import ProgressRecord
from xqueue_common.ops import Health
from xqueue_notifier.intake.intake import Pace
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.mqtt.messages import Topics
from xqueue_notifier.mqtt.progress_sink import ProgressSink
from xqueue_notifier.mqtt.publisher import Publisher
from xqueue_notifier.mqtt.sink import MqttSink
from xqueue_notifier.settings import NotifierSettings


class MqttAgents:
    """Two sinks, each with a connection of its own: progress may be dropped, versions may not."""

    def __init__(self, settings: NotifierSettings, intakes: Intakes, health: Health) -> None:
        self._settings = settings
        self._intakes = intakes
        self._topics = Topics(settings.mqtt_prefix)
        self._clock = SystemClock()
        self._publisher = Publisher(settings, sink="mqtt")
        self._progress_publisher = Publisher(settings, sink="progress")
        health.watch("mqtt", self._publisher.check)

    def all(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield every agent's name and what runs it."""
        yield "mqtt-connection", self._publisher.run
        yield "mqtt", self._status().run
        yield "progress-connection", self._progress_publisher.run
        yield "progress", self._progress().run

    async def release(self) -> None:
        """Nothing is left: a connection ends with the agent that keeps it."""

    def _status(self) -> MqttSink:
        settings = self._settings
        return MqttSink(
            intake=self._intakes.status("mqtt", pace=Pace(settings.mqtt_batch)),
            publisher=self._publisher,
            topics=self._topics,
            retain=settings.mqtt_retain,
            lag_ms=settings.mqtt_lag_s * 1000,
            clock=self._clock,
        )

    def _progress(self) -> ProgressSink:
        settings = self._settings
        return ProgressSink(
            intake=self._intakes.progress("progress", ProgressRecord, pace=Pace(settings.mqtt_batch)),
            publisher=self._progress_publisher,
            topics=self._topics,
            age_ms=settings.progress_age_s * 1000,
            clock=self._clock,
        )
