"""What a watcher wants and has seen: no version twice, nothing lost sight of over a new connection."""

from typing import Any

import msgspec
import pytest
from unit.client.answering import SNAPSHOT

from xqueue_client import ChunkEvent, Conflict, LogEvent, NotFound, ProgressEvent, StatusEvent
from xqueue_client.watch.following import MOST_NAMED, Following


def status(task_id: str, version: int, status: str = "processing") -> str:
    return message("status", task=SNAPSHOT | {"task_id": task_id, "version": version, "status": status})


def progress(task_id: str, version: int) -> str:
    task = SNAPSHOT | {"task_id": task_id, "version": version, "progress": {"percent": 50, "message": "half"}}
    return message("progress", task=task)


def message(event: str, **fields: Any) -> str:
    return msgspec.json.encode({"event": event, **fields}).decode()


def problem(code: int) -> str:
    return message("error", error={"status": code, "title": "no", "detail": "it is so"})


def told(following: Following) -> list[Any]:
    return [msgspec.json.decode(text) for text in following.messages()]


def test_no_version_is_told_twice() -> None:
    following = Following({})

    events = [following.take(status("a", version)) for version in (1, 2, 2, 1, 3)]

    assert [event.task.version for event in events if isinstance(event, StatusEvent)] == [1, 2, 3]


def test_progress_and_log_lines_are_told_though_their_version_is_older() -> None:
    following = Following({})
    following.take(status("a", 3))
    name = {"task_id": "a", "type": "example", "queue": "default", "tenant": "default"}
    line = {"attempt": 1, "seq": 1, "at": "2030-01-01T00:00:00Z", "level": "info", "message": "hello"}

    assert isinstance(following.take(progress("a", 2)), ProgressEvent)
    assert isinstance(following.take(message("log", task=name, log=line)), LogEvent)


def test_chunks_are_told_each_of_them() -> None:
    following = Following({"task_id": "a"})
    name = {"task_id": "a", "type": "example", "queue": "default", "tenant": "default"}

    events = [
        following.take(message("chunk", task=name, attempt=1, index=index, chunk=chunk))
        for index, chunk in enumerate(({"token": "x"}, None, [1]))
    ]

    told = [(event.attempt, event.index, event.chunk) for event in events if isinstance(event, ChunkEvent)]
    assert told == [(1, 0, {"token": "x"}), (1, 1, None), (1, 2, [1])]


@pytest.mark.parametrize("event", ["subscribed", "of_a_later_gateway"])
def test_what_is_no_event_that_we_know_is_overlooked(event: str) -> None:
    assert Following({}).take(message(event, filters=[])) is None


def test_it_is_done_when_all_named_tasks_have_ended() -> None:
    following = Following({"task_id": ["a", "b"]})

    following.take(status("a", 3, "success"))
    after_one = following.done
    following.take(status("b", 3, "failed"))

    assert (after_one, following.done) == (False, True)


def test_without_names_it_is_never_done() -> None:
    following = Following({"type": "example"})
    following.take(status("a", 3, "success"))

    assert not following.done


def test_tasks_that_were_not_named_are_not_told() -> None:
    assert Following({"task_id": "a"}).take(status("b", 1)) is None


def test_a_new_connection_is_told_what_has_been_seen() -> None:
    following = Following({"type": "example"})
    following.take(status("a", 2))
    following.take(status("b", 3, "success"))

    assert told(following) == [{"op": "subscribe", "filter": {"type": ["example"]}, "after": {"a": 2}}]
    assert following.query() == [("type", "example")]


def test_named_tasks_that_have_ended_are_not_named_again() -> None:
    following = Following({"task_id": ["a", "b"]})
    following.take(status("a", 3, "success"))

    assert following.query() == [("task_id", "b")]


def test_an_address_has_room_for_a_hundred_names_and_messages_name_the_others() -> None:
    following = Following({"task_id": [f"t{n}" for n in range(250)]})

    assert len(following.query()) == 100
    assert [len(subscribe["filter"]["task_id"]) for subscribe in told(following)] == [100, 50]


@pytest.mark.parametrize("count", [0, MOST_NAMED + 1])
def test_nobody_can_watch_no_task_or_too_many(count: int) -> None:
    with pytest.raises(ValueError, match=f"names {count} tasks"):
        Following({"task_id": [str(n) for n in range(count)]})


def test_what_the_gateway_refuses_is_raised() -> None:
    with pytest.raises(Conflict, match="it is so"):
        Following({}).take(problem(409))


def test_a_named_task_that_does_not_exist_is_an_error_and_another_that_is_gone_is_not() -> None:
    assert Following({}).take(problem(404)) is None
    with pytest.raises(NotFound):
        Following({"task_id": "a"}).take(problem(404))


def test_what_is_remembered_is_bounded() -> None:
    following = Following({})
    for n in range(MOST_NAMED + 5):
        following.take(status(f"t{n}", 1))

    seen = [task_id for subscribe in told(following) for task_id in subscribe["after"]]

    assert len(seen) == MOST_NAMED
    assert "t4" not in seen
    assert "t5" in seen
