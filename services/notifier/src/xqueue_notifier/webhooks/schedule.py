"""When a delivery is tried again, and when no more; nothing here does I/O."""

from typing import NamedTuple

from msgspec import structs

from xqueue_common.errors import ConfigError
from xqueue_common.topics import WEBHOOK_WAITS
from xqueue_common.webhooks import ENDED, FIRST_WAIT, Delivery, DeliveryState, Try, later

_TRIES_SHOWN = 20
_LONGEST_S = 7 * 86_400
_GRACE_MS = 86_400_000
"""By how much a delivery may outlast its schedule because it is put off, before it is given up."""


class Schedule(NamedTuple):
    """How long a delivery waits: ``delays_ms`` one after the other, each longer by up to the share ``jitter``."""

    delays_ms: tuple[int, ...]
    jitter: float

    @property
    def most_ms(self) -> int:
        """How old a delivery may become."""
        return round(sum(self.delays_ms) * (1 + self.jitter)) + _GRACE_MS


class Moment(NamedTuple):
    """The time, and a number from 0 to 1 by chance."""

    now_ms: int
    chance: float


class Step(NamedTuple):
    """A delivery as it stands now, and the partition where that is to be kept."""

    delivery: Delivery
    partition: int


def schedule_of(delays: str, jitter: float) -> Schedule:
    """Return the schedule in ``XQ_WEBHOOK_DELAYS``.

    Raises:
        ConfigError: it is not 1 to 9 numbers of seconds.
    """
    try:
        seconds = [float(part) for part in delays.split(",")]
    except ValueError:
        seconds = []
    if not 0 < len(seconds) <= WEBHOOK_WAITS or not all(0 <= one <= _LONGEST_S for one in seconds):
        msg = f"XQ_WEBHOOK_DELAYS: 1 to {WEBHOOK_WAITS} numbers of seconds up to {_LONGEST_S}, comma separated"
        raise ConfigError(msg)
    return Schedule(tuple(round(one * 1000) for one in seconds), jitter)


def called(delivery: Delivery, attempt: Try) -> Delivery:
    """Return a delivery after one more call."""
    tries = (*delivery.tries, attempt)[-_TRIES_SHOWN:]
    return structs.replace(delivery, attempts=delivery.attempts + 1, tries=tries)


def delivered(delivery: Delivery, now_ms: int) -> Step:
    """Return the end of a delivery that went well."""
    return _ended(delivery, DeliveryState.DELIVERED, None, now_ms)


def failed(delivery: Delivery, reason: str | None, now_ms: int) -> Step:
    """Return the end of a delivery that did not."""
    return _ended(delivery, DeliveryState.FAILED, reason, now_ms)


def again(
    delivery: Delivery, schedule: Schedule, moment: Moment, reason: str | None = None, at_least_ms: int = 0
) -> Step:
    """Return a delivery in its next wait, or failed if there is none left.

    Args:
        delivery: as it stands.
        schedule: the waits.
        moment: now.
        reason: why it was not called; None: it was.
        at_least_ms: how long the receiver wants to be left alone; shorter waits are left out, but for the last.
    """
    delays = schedule.delays_ms
    if delivery.waits >= len(delays):
        return failed(delivery, reason, moment.now_ms)
    long_enough = (n for n in range(delivery.waits + 1, len(delays)) if delays[n - 1] >= at_least_ms)
    wait = next(long_enough, len(delays))
    return _waiting(structs.replace(delivery, waits=wait), wait, schedule, moment, reason)


def put_off(delivery: Delivery, schedule: Schedule, moment: Moment, reason: str) -> Step:
    """Return a delivery that waits a moment for its turn, which uses up nothing but its time."""
    if moment.now_ms - delivery.begun_ms > schedule.most_ms:
        return failed(delivery, f"given up: {reason}", moment.now_ms)
    return _waiting(delivery, FIRST_WAIT, schedule, moment, reason)


def _waiting(delivery: Delivery, wait: int, schedule: Schedule, moment: Moment, reason: str | None) -> Step:
    wait_ms = schedule.delays_ms[wait - 1] * (1 + schedule.jitter * moment.chance)
    waiting = structs.replace(
        delivery,
        state=DeliveryState.WAITING,
        due_ms=moment.now_ms + round(wait_ms),
        updated_ms=later(delivery, moment.now_ms),
        reason=reason,
    )
    return Step(waiting, wait)


def _ended(delivery: Delivery, state: DeliveryState, reason: str | None, now_ms: int) -> Step:
    updated_ms = later(delivery, now_ms)
    return Step(structs.replace(delivery, state=state, due_ms=None, updated_ms=updated_ms, reason=reason), ENDED)
