"""The agents that tell webhooks."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

import structlog

from xqueue_common.clock import SystemClock
from xqueue_common.history.engine import connect
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.log_end import LogEnd
from xqueue_common.kafka.producer import Producer
from xqueue_common.ops import Health
from xqueue_common.registry.registry import Registry
from xqueue_common.topics import Topics
from xqueue_common.webhooks import Delivery
from xqueue_notifier.history.sink import TableSink
from xqueue_notifier.history.store import Places, Store
from xqueue_notifier.intake.intake import KEPT_S, Pace
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.settings import NotifierSettings
from xqueue_notifier.webhooks.breaker import BreakerSettings
from xqueue_notifier.webhooks.caller import Caller
from xqueue_notifier.webhooks.courier import Courier
from xqueue_notifier.webhooks.first_sink import FirstTries
from xqueue_notifier.webhooks.gate import DeliveryGate, WaitGate
from xqueue_notifier.webhooks.hosts import Hosts, Room
from xqueue_notifier.webhooks.ledger import Ledger
from xqueue_notifier.webhooks.list_store import ListStore
from xqueue_notifier.webhooks.schedule import schedule_of
from xqueue_notifier.webhooks.signing import keys_of_setting
from xqueue_notifier.webhooks.subscribers import Subscribers
from xqueue_notifier.webhooks.wait_sink import Waits

log = structlog.get_logger(__name__)

_BATCH = 100
"""Records read at once: the clocks, the room and the subscribers are looked at between two batches."""
_LIST_BATCH = 500


class WebhookAgents:
    """Those who call, and those who keep the list of what was called; they share nothing but the log."""

    def __init__(self, settings: NotifierSettings, intakes: Intakes, _health: Health) -> None:
        """Make them.

        Raises:
            ConfigError: a secret, the delays or the address of the database make no sense.
        """
        topics, self._clock = Topics(settings.topic_prefix), SystemClock()
        self._intakes = intakes
        self._producer = Producer(settings.kafka_bootstrap, client_id="notifier-webhooks")
        self._log = Batcher(self._producer, topics.deliveries)
        self._hosts = Hosts(
            Room(settings.webhook_per_host, settings.webhook_at_once),
            BreakerSettings(settings.webhook_failures, round(settings.webhook_open_s * 1000)),
        )
        self._subscribers = _subscribers(settings, topics, self._producer, self._clock)
        schedule = schedule_of(settings.webhook_delays, settings.webhook_jitter)
        self._engine = connect(settings.history_url)
        # Behind all that may refuse a setting: it would be left open.
        self._caller = Caller(allow_private=settings.webhook_allow_private, timeout_s=settings.webhook_timeout_s)
        self._courier = Courier(
            subscribers=self._subscribers,
            hosts=self._hosts,
            caller=self._caller,
            ledger=Ledger(self._log),
            schedule=schedule,
            clock=self._clock,
        )
        if not settings.webhook_secret:
            log.info("XQ_WEBHOOK_SECRET is not set: webhooks of single tasks go out unsigned")

    def all(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield every agent's name and what runs it."""
        yield "webhook-subscribers", self._subscribers.run
        yield "webhooks", self._first_tries().run
        yield "webhook-waits", self._waits().run
        yield "deliveries", self._list().run

    async def release(self) -> None:
        """Disconnect; the agents must have ended."""
        await self._caller.close()
        await self._subscribers.release()
        await self._log.flush()  # what is sent after the producer was stopped would start another
        await self._producer.stop()
        await self._engine.dispose()

    def _first_tries(self) -> FirstTries:
        return FirstTries(
            intake=self._intakes.status("webhooks", pace=Pace(_BATCH)),
            subscribers=self._subscribers,
            courier=self._courier,
            hosts=self._hosts,
            clock=self._clock,
        )

    def _list(self) -> TableSink[Delivery, Delivery]:
        deliveries = ListStore(self._engine)

        async def write(records: Sequence[Delivery], _places: Places) -> None:
            await deliveries.put(records)

        intake = self._intakes.deliveries("deliveries", pace=Pace(_LIST_BATCH, KEPT_S), gate=DeliveryGate())
        return TableSink(intake=intake, store=Store(self._engine), write=write)

    def _waits(self) -> Waits:
        return Waits(
            intake=self._intakes.deliveries("webhook-waits", pace=Pace(_BATCH), gate=WaitGate(), measured=False),
            subscribers=self._subscribers,
            courier=self._courier,
            clock=self._clock,
        )


def _subscribers(settings: NotifierSettings, topics: Topics, producer: Producer, clock: SystemClock) -> Subscribers:
    bootstrap, client_id = settings.kafka_bootstrap, "notifier-webhooks-registry"
    return Subscribers(
        registry=Registry(bootstrap, topics.registry, client_id=client_id),
        end=LogEnd(bootstrap, topics.registry, 0, client_id=client_id),
        own_keys=keys_of_setting(settings.webhook_secret),
        producer=producer,
        topic=topics.registry,
        clock=clock,
    )
