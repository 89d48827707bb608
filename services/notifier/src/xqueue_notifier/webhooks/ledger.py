"""Writing down how deliveries stand."""

import asyncio

import structlog

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown, Unavailable
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_notifier.backoff import Backoff
from xqueue_notifier.metrics import FAILURES, STEPS
from xqueue_notifier.webhooks.schedule import Step

log = structlog.get_logger(__name__)


class Ledger:
    """The ledger is responsible for every step of a delivery standing in the log before it counts as done."""

    def __init__(self, deliveries: Batcher) -> None:
        self._log = deliveries

    async def write(self, step: Step) -> None:
        """Write a step, however long that takes; a repeat does no harm."""
        record = Outgoing(encode(step.delivery), step.delivery.id.encode())
        wait = Backoff()
        while True:
            try:
                await self._log.append(step.partition, record)
            except (OutcomeUnknown, Unavailable) as error:
                FAILURES.labels(agent="webhooks").inc()
                log.warning("a delivery waits to be written", delivery=step.delivery.id, error=str(error))
                await asyncio.sleep(wait.next_s())
            else:
                STEPS.labels(state=step.delivery.state.value).inc()
                return
