"""A partition is done up to the first record that is still worked on."""

from aiokafka import TopicPartition

from xqueue_notifier.webhooks.tally import Tally

HERE, THERE = TopicPartition("t", 0), TopicPartition("t", 1)


def begun(*offsets: int) -> Tally:
    tally = Tally()
    for offset in offsets:
        tally.begin(HERE, offset)
    tally.read_to(HERE, max(offsets) + 1)
    return tally


def test_it_is_done_up_to_the_first_that_is_open() -> None:
    tally = begun(3, 4, 6)
    assert tally.done == {HERE: 3}
    tally.end(HERE, 4)
    assert tally.done == {HERE: 3}
    tally.end(HERE, 3)
    assert tally.done == {HERE: 6}
    tally.end(HERE, 6)
    assert tally.done == {HERE: 7}


def test_a_record_with_two_things_to_do_is_open_until_both_are_done() -> None:
    tally = begun(3, 3)
    tally.end(HERE, 3)
    assert tally.done == {HERE: 3}
    tally.end(HERE, 3)
    assert tally.done == {HERE: 4}


def test_what_comes_again_while_it_is_worked_on_is_no_news() -> None:
    tally = begun(3, 4)
    tally.end(HERE, 4)
    assert [tally.is_news(HERE, offset) for offset in (3, 4, 5)] == [False, False, True]
    assert tally.is_news(THERE, 0)


def test_who_is_sent_back_behind_what_is_done_does_it_again() -> None:
    tally = begun(3, 4)
    tally.end(HERE, 3)
    tally.end(HERE, 4)
    assert tally.is_news(HERE, 0)
    assert tally.is_news(HERE, 4)


def test_what_others_read_now_is_forgotten() -> None:
    tally = begun(3)
    tally.keep_only({THERE})
    tally.end(HERE, 3)
    assert not tally.done
