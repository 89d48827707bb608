"""What a task is that runs another one again."""

from msgspec import Raw
from unit.gateway.made import NOW_MS, spec, task_id

from xqueue_common.codec import encode
from xqueue_common.events import Cancel, Submit
from xqueue_gateway.tasks.recall import payload_in
from xqueue_gateway.tasks.retrier import Wish, again


def test_it_is_the_same_at_once_under_a_new_id() -> None:
    old = spec(1, priority=7, labels={"a": "b"}, run_at_ms=NOW_MS, fingerprint="f", trace="t", max_retry=0)

    new = again(old, task_id(2), NOW_MS + 5, Wish("default", old.task_id))

    assert new == spec(2, created_ms=NOW_MS + 5, priority=7, labels={"a": "b"}, max_retry=0, retry_of=old.task_id)


def test_with_a_key_it_has_a_fingerprint_of_what_it_repeats() -> None:
    first, same, other = (again(spec(number), task_id(9), NOW_MS, Wish("t", "", "k")) for number in (1, 1, 2))

    assert first.fingerprint is not None
    assert first == same
    assert first.fingerprint != other.fingerprint


def test_its_payload_is_that_of_the_record_if_the_record_is_its_own() -> None:
    record = encode(Submit(spec(1), Raw(b'{"a": [1]}')))

    assert payload_in(record, task_id(1)) == Raw(b'{"a": [1]}')
    assert payload_in(record, task_id(2)) is None
    assert payload_in(encode(Cancel(task_id(1), "default")), task_id(1)) is None
    assert payload_in(b"nonsense", task_id(1)) is None
