"""The owner's settings as the head of a cell keeps them, for the functions that others call."""

from msgspec import Struct


class HeadSettings(Struct, frozen=True):
    """Spans in ms.

    Attributes:
        lease: how long a worker's lease lasts, counted by the worker.
        grace: how much longer the scheduler waits before it frees the slot.
        claim: how long an attempt may wait for its claim.
        cancel: how long a cancelled attempt may hold its slot, until told, stopped and reported; longer if its
            lease is.
        ttl: how long an ended task can be read from Redis.
        stale: after how much silence nothing more is sent to a worker.
        roll: records (beside twice the open tasks) that the log may grow past the oldest snapshot.
        roll_age: age of the oldest snapshot at which it is written again.
        patience: how long tasks whose model no free worker holds may be passed over for others.
    """

    lease: int = 15_000
    grace: int = 5_000
    claim: int = 10_000
    cancel: int = 10_000
    ttl: int = 120_000
    stale: int = 3_000
    roll: int = 100_000
    roll_age: int = 3 * 86_400_000
    patience: int = 15_000
