"""Progress to MQTT."""

from collections.abc import Iterable

from xqueue_common.clock import Clock
from xqueue_common.events import ProgressRecord, ProgressTopicRecord
from xqueue_notifier.intake.batch import Arrival
from xqueue_notifier.intake.intake import Intake
from xqueue_notifier.mqtt.messages import Message, Topics, progress_message
from xqueue_notifier.mqtt.publisher import Publisher
from xqueue_notifier.rounds import Round, count

Reached = Arrival[ProgressRecord]


class ProgressSink:
    """The progress sink is responsible for subscribers seeing how far a task is, while it is so far.

    Progress is soft: of several in a batch the last of each task is told, what is too old is not, and what a
    lost connection takes with it is not repeated.
    """

    def __init__(
        self,
        *,
        intake: Intake[ProgressTopicRecord, ProgressRecord],
        publisher: Publisher,
        topics: Topics,
        age_ms: float,
        clock: Clock,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._topics = topics
        self._age_ms = age_ms
        self._clock = clock

    async def run(self) -> None:
        """Follow the progress until cancelled or until Kafka fails."""
        await self._intake.follow(self.round)

    async def round(self) -> Round:
        """Read a batch and publish what of it is still worth telling.

        Raises:
            Unavailable: Kafka is away.
            OutcomeUnknown: a record that cannot be read could not be buried.
        """
        batch = await self._intake.read()
        fresh = still_of_interest(batch.arrivals, after_ms=self._clock.now_ms() - self._age_ms)
        messages: list[Message] = []
        buried = 0
        for arrival in fresh:
            try:
                messages.append(progress_message(arrival.record, self._topics))
            except ValueError as error:
                await self._intake.bury(arrival, f"it cannot be told: {error}")
                buried += 1
        told = (await self._publisher.publish_once(messages)).acknowledged
        await self._intake.done(batch)
        skipped = len(batch.arrivals) - told - buried
        return count(self._intake.sink, Round(told, skipped, batch.ignored, batch.buried + buried))


def still_of_interest(arrivals: Iterable[Reached], *, after_ms: float) -> list[Reached]:
    """Return the last progress of each task, without those appended before a time."""
    last = {arrival.record.spec.task_id: arrival for arrival in arrivals}
    return [arrival for arrival in last.values() if arrival.raw.timestamp >= after_ms]
