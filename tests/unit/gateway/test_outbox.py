"""What waits for a slow reader: bounded, the latest of each task, no end ever lost."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from unit.gateway.made import NOW_MS, progress_record, spec, state, task_id

from xqueue_common.events import ChunkRecord, LogRecord
from xqueue_gateway.push.events import ChunkEvent, Event, LogEvent, ProgressEvent, StatusEvent
from xqueue_gateway.push.outbox import Outbox

ROOM = 1_000_000


def pending(number: int, version: int = 1) -> StatusEvent:
    return StatusEvent(spec(number), state("pending", version))


def ended(number: int, version: int = 9) -> StatusEvent:
    return StatusEvent(spec(number), state("success", version))


def progress(number: int, percent: float, *, seq: int = 1, version: int = 2) -> ProgressEvent:
    return ProgressEvent(progress_record(spec(number), percent, seq=seq, version=version))


def log_line(number: int) -> LogEvent:
    return LogEvent(LogRecord(spec(number), 1, 1, NOW_MS, "info", "hello"))


def chunk(number: int, index: int, text: str = "part") -> ChunkEvent:
    return ChunkEvent(ChunkRecord(spec(number), 1, index + 1, index, NOW_MS, Raw(json.dumps(text).encode())))


def filled(*events: Event, few: int, most_bytes: int = ROOM) -> Outbox:
    outbox = Outbox(most_bytes=most_bytes, few=few)
    for event in events:
        outbox.put(event)
    return outbox


def emptied(outbox: Outbox) -> list[dict[str, Any]]:
    return [json.loads(event.text) for event in outbox.take(1 << 30)]


def versions(outbox: Outbox) -> list[tuple[str, int]]:
    return [(message["task"]["task_id"], message["task"]["version"]) for message in emptied(outbox)]


def test_a_reader_that_keeps_up_gets_everything_in_order() -> None:
    outbox = filled(pending(1, 1), pending(1, 2), ended(1, 3), few=10)

    assert versions(outbox) == [(task_id(1), 1), (task_id(1), 2), (task_id(1), 3)]
    assert outbox.left_out == 0


def test_a_reader_that_does_not_gets_the_latest_of_each_task() -> None:
    outbox = filled(pending(1, 1), pending(2, 1), pending(1, 2), pending(1, 3), few=3)

    assert versions(outbox) == [(task_id(2), 1), (task_id(1), 3)]
    assert outbox.left_out == 2


def test_an_older_version_that_comes_later_does_not_replace_a_newer_one() -> None:
    assert versions(filled(pending(1, 3), pending(1, 2), few=1)) == [(task_id(1), 3)]


def test_of_progress_the_last_is_kept_unless_the_task_has_gone_on() -> None:
    outbox = filled(progress(1, 10), progress(1, 20, seq=2), progress(2, 50), ended(2), few=3)

    kept = emptied(outbox)
    assert [(message["event"], message["task"]["task_id"]) for message in kept] == [
        ("progress", task_id(1)),
        ("status", task_id(2)),
    ]
    assert kept[0]["task"]["progress"] == {"percent": 20.0}


def test_progress_heard_since_the_last_status_is_kept_with_it() -> None:
    kept = emptied(filled(pending(1, 3), progress(1, 10, version=2), progress(1, 20, seq=2, version=2), few=2))

    assert [message["event"] for message in kept] == ["status", "progress"]


def test_lines_and_chunks_stand_for_none_other_so_a_burst_of_them_stays() -> None:
    outbox = filled(log_line(1), *(chunk(1, index) for index in range(500)), ended(1), few=10)

    kept = emptied(outbox)
    assert [message["event"] for message in kept] == ["log", *["chunk"] * 500, "status"]
    assert [message["index"] for message in kept[1:-1]] == list(range(500))
    assert outbox.left_out == 0


def test_of_too_many_lines_and_chunks_the_newest_stay_and_the_gap_is_seen() -> None:
    room = 40_000
    outbox = filled(
        log_line(1), *(chunk(1, index, "x" * 1_000) for index in range(100)), ended(1), few=10, most_bytes=room
    )

    *chunks, end = emptied(outbox)
    assert (end["event"], end["task"]["status"]) == ("status", "success")
    indexes = [message["index"] for message in chunks]
    assert 0 < len(indexes) < 50
    assert indexes == list(range(100 - len(indexes), 100))
    assert outbox.left_out == 101 - len(indexes)


def test_chunks_that_are_never_read_take_no_more_than_their_room() -> None:
    room = 40_000
    outbox = Outbox(most_bytes=room, few=10)
    for index in range(5_000):
        outbox.put(chunk(1, index, "x" * 1_000))
        assert sum(piece.size for piece in outbox._waiting) <= room


def test_what_is_no_end_goes_when_even_the_latest_are_too_much() -> None:
    outbox = filled(
        *map(pending, range(1, 50)), ended(50), *map(pending, range(51, 100)), few=10, most_bytes=10_000
    )

    kept = emptied(outbox)
    assert task_id(50) in [message["task"]["task_id"] for message in kept]
    assert len(kept) < 20
    assert not outbox.overflown


def test_ends_that_are_too_much_by_themselves_are_not_kept_silently() -> None:
    assert filled(*map(ended, range(1, 50)), few=10, most_bytes=10_000).overflown


def test_what_was_taken_makes_room() -> None:
    outbox = Outbox(most_bytes=10_000, few=4)
    for number in range(1, 200):
        outbox.put(ended(number))
        outbox.take(1)

    assert not outbox.overflown
    assert outbox.left_out == 0


_steps = st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), max_size=120)


@given(_steps, st.integers(1, 8))
def test_whatever_comes_and_is_read_every_end_arrives_and_versions_only_grow(
    steps: list[tuple[int, bool, bool]], few: int
) -> None:
    outbox = Outbox(most_bytes=ROOM, few=few)
    version: dict[str, int] = {}
    ends: set[str] = set()
    read: list[dict[str, Any]] = []
    for number, is_end, reads in steps:
        task = task_id(number)
        if task not in ends:
            version[task] = version.get(task, 0) + 1
            ends |= {task} if is_end else set()
            outbox.put(ended(number, version[task]) if is_end else pending(number, version[task]))
        if reads and len(outbox):
            read += [json.loads(event.text) for event in outbox.take(1)]
        assert len(outbox) <= max(few, 2 * 6)
    read += emptied(outbox)

    told: dict[str, int] = {}
    for message in read:
        task = message["task"]
        assert task["version"] > told.get(task["task_id"], 0)
        told[task["task_id"]] = task["version"]
    assert told == version
    assert ends == {message["task"]["task_id"] for message in read if message["task"]["status"] == "success"}
