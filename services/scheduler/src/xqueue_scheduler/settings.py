"""The settings of the scheduler."""

import socket
from typing import Annotated

from msgspec import Meta

from xqueue_common.settings import CommonSettings
from xqueue_scheduler.store.head import HeadSettings

Seconds = Annotated[float, Meta(gt=0, le=30 * 86_400)]


class Settings(CommonSettings, frozen=True, kw_only=True):
    """What a scheduler needs to know beside the common settings; spans in seconds.

    Attributes:
        scheduler_id: name of this scheduler; stays the same over restarts, so that it gets its cells back at once.
        scheduler_group: consumer group in which schedulers share out the cells.
        session_s: after how much silence a scheduler's cells go to another.
        batch: records of each input in one call at most.
        grants: attempts granted in one call at most.
        lease_s: how long a worker's lease lasts, counted by the worker.
        lease_grace_s: how much longer the scheduler waits before it frees the slot.
        claim_s: how long an attempt may wait for its claim before it goes to another worker.
        cancel_s: how long a cancelled attempt may hold its slot; longer if its lease is.
        ended_ttl_s: how long an ended task can be read from Redis.
        worker_stale_s: after how much silence nothing more is sent to a worker.
        roll_records: records (beside twice the open tasks) that the status log may grow past the oldest snapshot.
        roll_age_s: age of the oldest snapshot of an open task at which it is written again.
        model_patience_s: how long tasks whose model no free worker holds may be passed over for others, so that
            models are loaded less often.
        checkpoint_s: how often an idle cell without open tasks writes down where it stands.
    """

    scheduler_id: str = socket.gethostname()
    scheduler_group: str = "xq-scheduler"
    session_s: Seconds = 6.0
    batch: Annotated[int, Meta(ge=1, le=5_000)] = 500
    grants: Annotated[int, Meta(ge=1, le=5_000)] = 500
    lease_s: Seconds = 15.0
    lease_grace_s: Seconds = 5.0
    claim_s: Seconds = 10.0
    cancel_s: Seconds = 10.0
    ended_ttl_s: Seconds = 120.0
    worker_stale_s: Seconds = 3.0
    roll_records: Annotated[int, Meta(ge=1)] = 100_000
    roll_age_s: Seconds = 3.5 * 86_400
    model_patience_s: Seconds = 15.0
    checkpoint_s: Seconds = 6 * 3_600.0

    def head(self) -> HeadSettings:
        """Return what the head of a cell keeps of these."""
        return HeadSettings(
            lease=_ms(self.lease_s),
            grace=_ms(self.lease_grace_s),
            claim=_ms(self.claim_s),
            cancel=_ms(self.cancel_s),
            ttl=_ms(self.ended_ttl_s),
            stale=_ms(self.worker_stale_s),
            roll=self.roll_records,
            roll_age=_ms(self.roll_age_s),
            patience=_ms(self.model_patience_s),
        )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
