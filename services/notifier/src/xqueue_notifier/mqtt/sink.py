"""Status records to MQTT."""

from xqueue_common.clock import Clock
from xqueue_common.events import StatusRecord, StatusTopicRecord
from xqueue_notifier.intake.batch import Batch
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.metrics import ROUND_S
from xqueue_notifier.mqtt.latest import Latest, Version, conflated, to_tell
from xqueue_notifier.mqtt.messages import Message, Topics, status_messages
from xqueue_notifier.mqtt.publisher import Publisher
from xqueue_notifier.rounds import Round, count


class MqttSink:
    """The MQTT sink is responsible for subscribers hearing of every version of every task, or at least of the last.

    While it keeps up every version is told. While it lags, only the highest of each task in a batch is: the
    terminal one, which is always the highest, is never left out. Kafka is told that records are done once the
    broker has acknowledged what they became.
    """

    def __init__(
        self,
        *,
        intake: Intake[StatusTopicRecord, StatusRecord],
        publisher: Publisher,
        topics: Topics,
        retain: bool,
        lag_ms: float,
        clock: Clock,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._topics = topics
        self._retain = retain
        self._lag_ms = lag_ms
        self._clock = clock
        self._told = Latest()

    async def run(self) -> None:
        """Follow the status log until cancelled or until Kafka fails."""
        await self._intake.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and publish it, however long that takes.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        batch = await self._intake.read()
        news = to_tell(batch.arrivals, self._told)
        if self._lags(batch):
            news = conflated(news)
        buried = 0
        if news:
            with ROUND_S.labels(sink=self._intake.sink).time():
                buried = await self._tell(news)
        await self._intake.done(batch)
        skipped = len(batch.arrivals) - len(news)
        return count(self._intake.sink, Round(len(news) - buried, skipped, batch.ignored, batch.buried + buried))

    def _lags(self, batch: Batch[StatusRecord]) -> bool:
        oldest_ms = batch.oldest_ms
        return batch.full or (oldest_ms is not None and self._clock.now_ms() - oldest_ms > self._lag_ms)

    async def _tell(self, news: list[Version]) -> int:
        max_payload = await self._publisher.max_payload()
        messages: list[Message] = []
        buried = 0
        for arrival in news:
            try:
                messages += self._messages(arrival.record, max_payload)
            except ValueError as error:
                # Readable, and yet there is no snapshot of it: a time beyond the year 9999, for instance.
                await self._intake.bury(arrival, f"it cannot be told: {error}")
                buried += 1
        await self._publisher.publish(messages)
        # Not before: what was noted but not published would never be told.
        for arrival in news:
            self._told.note(arrival.record.spec.task_id, arrival.record.state.version)
        return buried

    def _messages(self, record: StatusRecord, max_payload: int) -> tuple[Message, Message]:
        return status_messages(record, self._topics, retain=self._retain, max_payload=max_payload)
