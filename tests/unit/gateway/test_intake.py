"""What is heard of the logs: every version once, from valid schedulers only, whatever else stands there."""

from typing import Any

from unit.gateway.made import Consumed, HeldClock, progress_record, spec, state, status_record, task_id

from xqueue_common.codec import encode
from xqueue_common.events import Checkpoint, LogRecord, SettingRecord, Takeover
from xqueue_common.limits import Limit, QueueSettings
from xqueue_common.names import Ms
from xqueue_gateway.control.book import Book
from xqueue_gateway.history.horizon import MARGIN_MS, Horizon
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.push.events import Event
from xqueue_gateway.push.hub import Hub
from xqueue_gateway.push.intake import Ears, StatusIntake, Taken
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.push.progress_intake import ProgressIntake
from xqueue_gateway.push.rates import Rates
from xqueue_gateway.push.spots import ANY

FAR_MS: Ms = 1 << 52


class Listening:
    """Hears everything of the default tenant."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        rates, drain = Rates(self.clock.now), Drain(Rates(self.clock.now))
        self.ears = Ears(Hub(), LiveProgress(), rates, drain, Horizon(), {0: Book()}, self.clock, Rates(0))
        self.ears.horizon.begin(0, 0)
        self.ears.hub.join_tenant("default", ANY, self)
        self.heard: list[Event] = []

    def hear(self, event: Event) -> None:
        assert event.text
        self.heard.append(event)

    def status(self, *records: Any) -> Taken:
        return StatusIntake(0, self.ears).take(records)

    def progress(self, *values: bytes) -> Taken:
        return ProgressIntake(self.ears).take([Consumed(i, value) for i, value in enumerate(values)])

    @property
    def versions(self) -> list[int]:
        return [event.version for event in self.heard]


SCOPES = ("q/default", "n/default", "k/default/bounded", "k/default/free")


def setting(offset: int, commands: int, value: QueueSettings | None) -> Consumed:
    return Consumed(offset, encode(SettingRecord(0, 1, commands, 0, "queue/images", 1, 1, value)))


def takeover(offset: int) -> Consumed:
    return Consumed(offset, encode(Takeover("somebody", 1)))


def test_every_version_is_heard() -> None:
    listening = Listening()

    taken = listening.status(
        status_record(0, spec(), state("pending", 1)), status_record(1, spec(), state("processing", 2))
    )

    assert listening.versions == [1, 2]
    assert taken == Taken(news=2)


def test_what_a_replaced_scheduler_still_writes_is_ignored() -> None:
    listening = Listening()

    taken = listening.status(
        takeover(5),
        status_record(6, spec(), state("pending", 1), epoch=5),
        takeover(7),
        status_record(8, spec(), state("failed", 2), epoch=5),
        status_record(9, spec(), state("processing", 2), epoch=7),
    )

    assert [event.status for event in listening.heard] == ["pending", "processing"]
    assert taken == Taken(news=2, old=3)


def test_repeats_for_the_sake_of_rebuilds_and_checkpoints_are_no_news() -> None:
    listening = Listening()
    checkpoint = Consumed(1, encode(Checkpoint(0, 1, 0, 0, {})))

    taken = listening.status(status_record(0, spec(), state("pending", 1), repeated=True), checkpoint)

    assert taken == Taken(old=2)
    assert listening.heard == []


def test_what_cannot_be_read_is_skipped() -> None:
    listening = Listening()

    taken = listening.status(
        Consumed(0, b"\xff{"),
        Consumed(1, b""),
        Consumed(2, b"[" * 100_000),
        Consumed(3, b'{"kind": "status"}'),
        status_record(4, spec(), state("pending", 1)),
    )

    assert taken == Taken(news=1, unreadable=4)


def test_a_record_that_cannot_be_shown_does_not_silence_those_behind_it() -> None:
    listening = Listening()

    taken = listening.status(
        status_record(0, spec(1, created_ms=FAR_MS), state("pending", 1)),
        status_record(1, spec(2), state("pending", 1)),
    )

    assert [event.spec.task_id for event in listening.heard] == [task_id(2)]
    assert taken == Taken(news=1, unreadable=1)


def test_submissions_and_ends_are_counted() -> None:
    listening = Listening()

    listening.status(status_record(0, spec(), state("pending", 1)), status_record(1, spec(), state("success", 3)))

    assert listening.ears.rates.per_second(listening.clock.now) == {"submitted": 1.0, "success": 1.0}


def test_ends_are_counted_for_queues_tenants_and_bounded_keys() -> None:
    listening = Listening()
    listening.ears.books[0].note("limit/key/default/bounded", 0, Limit(max_size=9))

    for offset, key in enumerate(("bounded", "free")):
        listening.status(status_record(offset, spec(concurrency_key=key), state("failed", 3)))

    rates = {scope: listening.ears.drain.per_second(scope, listening.clock.now) for scope in SCOPES}
    assert rates == {"q/default": 2.0, "n/default": 2.0, "k/default/bounded": 1.0, "k/default/free": 0.0}


def test_what_is_set_is_noted() -> None:
    listening = Listening()

    listening.status(setting(0, 5, QueueSettings(priority=7)), setting(1, 4, QueueSettings(priority=6)))
    assert listening.ears.books[0].defaults("images").priority == 7

    listening.status(setting(2, 6, None))
    assert listening.ears.books[0].defaults("images").priority == 0


def test_how_far_the_log_has_spoken_is_noted() -> None:
    listening = Listening()

    listening.status(status_record(41, spec(), state("pending", 1)))

    assert listening.ears.horizon.needed(0, listening.clock.now + MARGIN_MS) == 42


def test_progress_and_log_lines_are_heard_once_each() -> None:
    listening = Listening()
    half = encode(progress_record(spec(), 50))
    line = encode(LogRecord(spec(), 1, 1, 1, "info", "hello"))

    taken = listening.progress(half, half, line, b"nonsense")

    assert [event.name for event in listening.heard] == ["progress", "log"]
    assert taken == Taken(news=2, old=1, unreadable=1)


def test_progress_behind_the_end_of_its_task_is_not_heard() -> None:
    listening = Listening()

    listening.status(status_record(0, spec(), state("success", 3)))
    taken = listening.progress(encode(progress_record(spec(), 99)))

    assert taken == Taken(old=1)


def test_other_tenants_are_not_told() -> None:
    listening = Listening()

    listening.status(status_record(0, spec(tenant="other"), state("pending", 1)))

    assert listening.heard == []
