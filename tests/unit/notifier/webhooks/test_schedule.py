"""Waits come one after the other, longer by chance, and end."""

import pytest
from unit.notifier.webhooks.making import NOW_MS, delivery

from xqueue_common.errors import ConfigError
from xqueue_common.webhooks import ENDED, Delivery, DeliveryState, Try, replayed
from xqueue_notifier.settings import NotifierSettings
from xqueue_notifier.webhooks.schedule import Moment, Schedule, again, called, delivered, put_off, schedule_of

SCHEDULE = Schedule((5_000, 60_000, 3_600_000), 0.5)
DAY_MS = 86_400_000


def moment(now_ms: int = NOW_MS, chance: float = 0.0) -> Moment:
    return Moment(now_ms, chance)


def test_each_failure_leads_to_the_next_wait_and_the_last_to_the_end() -> None:
    now, steps = delivery(), []
    for _ in range(4):
        step = again(now, SCHEDULE, moment())
        steps.append((step.partition, step.delivery.state, step.delivery.due_ms))
        now = step.delivery
    assert steps == [
        (1, DeliveryState.WAITING, NOW_MS + 5_000),
        (2, DeliveryState.WAITING, NOW_MS + 60_000),
        (3, DeliveryState.WAITING, NOW_MS + 3_600_000),
        (ENDED, DeliveryState.FAILED, None),
    ]


@pytest.mark.parametrize(("chance", "wait_ms"), [(0.0, 5_000), (0.5, 6_250), (1.0, 7_500)])
def test_chance_only_lengthens_a_wait(chance: float, wait_ms: int) -> None:
    assert again(delivery(), SCHEDULE, moment(chance=chance)).delivery.due_ms == NOW_MS + wait_ms


@pytest.mark.parametrize(("at_least_ms", "wait"), [(0, 1), (5_000, 1), (5_001, 2), (60_001, 3), (DAY_MS, 3)])
def test_a_receiver_that_asks_for_time_gets_a_wait_that_is_long_enough_if_there_is_one(
    at_least_ms: int, wait: int
) -> None:
    step = again(delivery(), SCHEDULE, moment(), at_least_ms=at_least_ms)
    assert (step.partition, step.delivery.waits) == (wait, wait)


def test_who_is_put_off_loses_no_try_and_is_given_up_only_when_it_is_too_old() -> None:
    waiting = delivery(waits=2)
    young, old = (put_off(waiting, SCHEDULE, moment(NOW_MS + age), "full") for age in (DAY_MS, 3 * DAY_MS))
    assert (young.partition, young.delivery.waits, young.delivery.state) == (1, 2, DeliveryState.WAITING)
    assert (old.partition, old.delivery.state, old.delivery.reason) == (
        ENDED,
        DeliveryState.FAILED,
        "given up: full",
    )


def test_a_replay_begins_anew_and_keeps_what_was() -> None:
    attempt = Try(NOW_MS, 5, 500, "it answered 500")
    failed: Delivery = called(delivery(waits=3, state=DeliveryState.FAILED), attempt)
    anew = replayed(failed, NOW_MS + 9 * DAY_MS)
    assert (anew.state, anew.waits, anew.attempts, anew.tries) == (DeliveryState.WAITING, 0, 1, (attempt,))
    assert put_off(anew, SCHEDULE, moment(NOW_MS + 9 * DAY_MS), "full").delivery.state is DeliveryState.WAITING


def test_every_record_is_written_later_than_the_one_before_whatever_the_clocks_say() -> None:
    ahead = delivery(updated_ms=NOW_MS + 1_000)
    steps = (again(ahead, SCHEDULE, moment()), delivered(ahead, NOW_MS), put_off(ahead, SCHEDULE, moment(), ""))
    assert [step.delivery.updated_ms for step in steps] == [NOW_MS + 1_001] * 3


def test_of_many_tries_the_latest_are_kept() -> None:
    now = delivery()
    for number in range(50):
        now = called(now, Try(number, 1, 500))
    assert (now.attempts, len(now.tries), now.tries[-1].at_ms) == (50, 20, 49)


def test_by_default_it_is_tried_for_three_days() -> None:
    settings = NotifierSettings()
    schedule = schedule_of(settings.webhook_delays, settings.webhook_jitter)
    assert 3 < sum(schedule.delays_ms) / DAY_MS < 4
    assert len(schedule.delays_ms) == 9


@pytest.mark.parametrize("delays", ["", "5,", "x", "-1", "nan", "1,2,3,4,5,6,7,8,9,10", "604801"])
def test_delays_that_make_no_sense_are_refused(delays: str) -> None:
    with pytest.raises(ConfigError, match="XQ_WEBHOOK_DELAYS"):
        schedule_of(delays, 0.2)
