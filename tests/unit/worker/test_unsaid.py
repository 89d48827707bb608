"""What waits to be told is bounded, whoever says how much of it."""

from unit.worker.making import an_attempt

from xqueue_worker.attempt import Attempt
from xqueue_worker.said import Chunk, LogLine
from xqueue_worker.unsaid import Room, Unsaid

ONE, OTHER = an_attempt(1), an_attempt(2)
CHUNK_BYTES = 2048 + 100
"""What a chunk of 100 bytes takes."""


def line(number: int = 0) -> LogLine:
    return LogLine("info", f"{number}", 0)


def chunk(index: int = 0) -> Chunk:
    return Chunk(index, b"x" * 100, 0)


def taken(unsaid: Unsaid) -> list[tuple[Attempt, LogLine | Chunk]]:
    return unsaid.take().items


def test_it_comes_out_in_the_order_in_which_it_was_said() -> None:
    unsaid = Unsaid()
    said = [(ONE, line(1)), (OTHER, chunk(0)), (ONE, chunk(0)), (ONE, line(2))]

    for attempt, item in said:
        unsaid.add(attempt, item)

    assert taken(unsaid) == said
    assert taken(unsaid) == []


def test_only_the_first_that_waits_needs_to_wake_anybody() -> None:
    unsaid = Unsaid()

    assert [unsaid.add(ONE, line()), unsaid.add(OTHER, line())] == [True, False]
    unsaid.take()
    assert unsaid.add(ONE, chunk())


def test_it_knows_of_whom_something_waits() -> None:
    unsaid = Unsaid()
    unsaid.add(ONE, line())

    assert (unsaid.of(ONE), unsaid.of(OTHER)) == (True, False)
    unsaid.take()
    assert not unsaid.of(ONE)


def test_lines_beyond_the_room_are_dropped_and_counted() -> None:
    unsaid = Unsaid(Room(lines=2))
    for number in range(5):
        unsaid.add(ONE, line(number))

    assert unsaid.take() == ([(ONE, line(0)), (ONE, line(1))], 3)
    unsaid.add(ONE, line(9))
    assert unsaid.take() == ([(ONE, line(9))], 0)


def test_chunks_do_not_take_the_room_of_lines() -> None:
    unsaid = Unsaid(Room(lines=1, chunk_bytes=CHUNK_BYTES))
    for said in (chunk(0), chunk(1), line()):
        unsaid.add(ONE, said)

    assert taken(unsaid) == [(ONE, chunk(0)), (ONE, line())]


def test_one_attempt_that_emits_without_end_leaves_room_for_others() -> None:
    unsaid = Unsaid(Room(chunk_bytes=4 * CHUNK_BYTES, attempt_bytes=3 * CHUNK_BYTES))
    for index in range(100):
        unsaid.add(ONE, chunk(index))
    for index in range(100):
        unsaid.add(OTHER, chunk(index))

    taken = unsaid.take()
    assert [(whose is ONE, said) for whose, said in taken.items] == [
        (True, chunk(0)),
        (True, chunk(1)),
        (True, chunk(2)),
        (False, chunk(0)),
    ]
    assert taken.dropped == 196
