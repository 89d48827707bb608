"""From a submission to what stands in the log."""

import json
from typing import Any

from unit.gateway.made import NOW_MS, task_id

from xqueue_common.task import Backoff, TaskSpec
from xqueue_gateway.submissions.first_state import first_state
from xqueue_gateway.submissions.reading import Rules, read_submission
from xqueue_gateway.submissions.spec import Defaults, Origin, fingerprint, payload_of, spec_of
from xqueue_gateway.submissions.submission import Submission


def submission(**fields: Any) -> Submission:
    return read_submission(json.dumps({"type": "noop", **fields}).encode(), Rules(1_000), now_ms=NOW_MS)


def made(defaults: Defaults | None = None, **fields: Any) -> TaskSpec:
    return spec_of(submission(**fields), Origin(task_id(), "acme", NOW_MS), defaults or Defaults())


def test_what_is_left_out_gets_the_defaults_of_the_api() -> None:
    assert made() == TaskSpec(task_id(), "noop", "default", "acme", NOW_MS)


def test_what_is_left_out_gets_the_defaults_of_its_queue() -> None:
    spec = made(Defaults(priority=9, max_retry=1, queue_timeout=None, process_timeout=5))

    assert (spec.priority, spec.max_retry, spec.queue_timeout_ms, spec.process_timeout_ms) == (9, 1, None, 5_000)


def test_retries_wait_as_the_queue_says_unless_the_submission_does() -> None:
    of_queue = Backoff("fixed", 1, 2, 0)

    assert made(Defaults(backoff=of_queue)).backoff == of_queue
    assert made(Defaults(backoff=of_queue), retry={"base": 3}).backoff == Backoff(base_ms=3_000)


def test_what_is_given_counts_more_than_the_defaults() -> None:
    spec = made(Defaults(priority=9, queue_timeout=None), priority=0, queue_timeout=600)

    assert (spec.priority, spec.queue_timeout_ms) == (0, 600_000)


def test_seconds_become_milliseconds() -> None:
    spec = made(queue_timeout=0.001, process_timeout=1.2345, retry={"base": 0.5, "max": 2, "backoff": "fixed"})

    assert (spec.queue_timeout_ms, spec.process_timeout_ms) == (1, 1_234)
    assert spec.backoff == Backoff("fixed", 500, 2_000, 0.2)


def test_a_delay_schedules_the_task() -> None:
    spec = made(delay=1.5)

    assert spec.run_at_ms == NOW_MS + 1_500
    assert (first_state(spec).status, first_state(spec).scheduled_ms) == ("scheduled", NOW_MS + 1_500)


def test_a_time_in_the_past_is_now() -> None:
    spec = made(run_at="2001-01-01T00:00:00Z")

    assert spec.run_at_ms is None
    assert first_state(spec).status == "pending"


def test_no_payload_is_null() -> None:
    assert bytes(payload_of(submission())) == b"null"


def test_the_fingerprint_does_not_depend_on_how_the_json_was_written() -> None:
    one = b'{"type":"noop","labels":{"a":"1","b":"2"},"payload":{"x":1,"y":[2]}}'
    other = b'{ "payload": {"y": [2], "x": 1}, "labels": {"b": "2", "a": "1"}, "type": "noop" }'

    prints = {fingerprint(read_submission(body, Rules(1_000), now_ms=NOW_MS)) for body in (one, other)}

    assert len(prints) == 1


def test_the_fingerprint_differs_with_every_field() -> None:
    different = [
        submission(),
        submission(payload=1),
        submission(payload="1"),
        submission(priority=1),
        submission(delay=1),
        submission(labels={"a": "1"}),
        submission(queue="other"),
    ]

    assert len({fingerprint(one) for one in different}) == len(different)


def test_a_number_that_is_too_large_for_us_has_a_fingerprint_too() -> None:
    one, other = (
        read_submission(b'{"type":"noop","payload":1e%d}' % power, Rules(1_000), now_ms=NOW_MS)
        for power in (998, 999)
    )

    assert fingerprint(one) != fingerprint(other)
