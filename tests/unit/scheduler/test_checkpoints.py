"""When a checkpoint is due."""

from xqueue_scheduler.checkpoints import Checkpoints
from xqueue_scheduler.owner import Round

IDLE = Round(reports=0, commands=0, told=0, output=0, fired=0, open_tasks=0, needed=False)
EVERY_MS = 1_000


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0

    def now_ms(self) -> int:
        """Wall time."""
        return self.now

    def monotonic_ms(self) -> int:
        """A time that never goes back."""
        return self.now


def test_the_first_idle_round_of_an_owner_is_one_and_then_one_each_time() -> None:
    clock = Clock()
    checkpoints = Checkpoints(clock, EVERY_MS)
    assert checkpoints.due(IDLE, written=False)
    clock.now = EVERY_MS - 1
    assert not checkpoints.due(IDLE, written=False)
    clock.now = EVERY_MS
    assert checkpoints.due(IDLE, written=False)


def test_any_record_with_a_label_does_as_well() -> None:
    clock = Clock()
    checkpoints = Checkpoints(clock, EVERY_MS)
    assert not checkpoints.due(IDLE._replace(commands=1), written=True)
    clock.now = EVERY_MS - 1
    assert not checkpoints.due(IDLE, written=False)


def test_a_round_that_is_not_idle_is_none() -> None:
    checkpoints = Checkpoints(Clock(), EVERY_MS)
    for what in ("reports", "commands", "output", "open_tasks"):
        assert not checkpoints.due(IDLE._replace(**{what: 1}), written=False)
