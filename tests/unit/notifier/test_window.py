import asyncio

from support.eventually import eventually

from xqueue_notifier.mqtt.packets import Answer
from xqueue_notifier.mqtt.window import Window


def ok(packet_id: int) -> Answer:
    return Answer(packet_id, 0, received=False)


def test_the_first_open_place_is_the_first_that_was_sent() -> None:
    window = Window()
    ids = [window.take(place) for place in range(3)]

    window.answer(ok(ids[1]))
    assert window.first_open == 0
    window.answer(ok(ids[0]))
    assert window.first_open == 2
    window.answer(ok(ids[2]))
    assert window.first_open is None


def test_a_number_in_use_is_not_given_again() -> None:
    window = Window()
    stuck = window.take(0)
    for place in range(1, 70_000):
        taken = window.take(place)
        assert taken != stuck
        assert 1 <= taken <= 65_535
        window.answer(ok(taken))


def test_a_refusal_is_noted_with_its_place() -> None:
    window = Window()
    window.answer(Answer(window.take(5), 0x97, received=False))

    assert window.refused == {5: 0x97}


def test_answers_to_a_series_given_up_mean_nothing() -> None:
    window = Window()
    old = window.take(0)
    window.begin()
    window.take(0)

    window.answer(ok(old))

    assert len(window) == 1


async def test_the_wait_ends_when_few_enough_are_open() -> None:
    window = Window()
    ids = [window.take(place) for place in range(4)]
    waiting = asyncio.create_task(window.until_open(2))

    await asyncio.sleep(0)
    window.answer(ok(ids[0]))
    await asyncio.sleep(0)
    assert not waiting.done()
    window.answer(ok(ids[1]))

    await eventually(waiting.done)


async def test_the_wait_ends_when_nothing_more_will_come() -> None:
    window = Window()
    window.take(0)
    waiting = asyncio.create_task(window.until_open(0))

    await asyncio.sleep(0)
    window.wake()

    await eventually(waiting.done)
    assert len(window) == 1
