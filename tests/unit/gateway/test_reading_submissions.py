"""From bytes to a submission: what is taken, and what is said about what is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from unit.gateway.made import NOW_MS

from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.json_text import MAX_NESTING
from xqueue_gateway.submissions.reading import Rules, read_batch, read_submission
from xqueue_gateway.submissions.submission import Submission

RULES = Rules(max_payload_bytes=1_000)


def read(body: bytes, rules: Rules = RULES) -> Submission:
    return read_submission(body, rules, now_ms=NOW_MS)


def refused(body: bytes, rules: Rules = RULES) -> Problem:
    with pytest.raises(Problem) as caught:
        read(body, rules)
    return caught.value


def with_field(name: str, value: Any) -> bytes:
    return json.dumps({"type": "noop", name: value}).encode()


def test_a_type_is_enough() -> None:
    submission = read(b'{"type": "noop"}')

    assert (submission.type, submission.queue) == ("noop", "default")


def test_the_payload_stays_as_it_was_written() -> None:
    submission = read(b'{"payload": {"b":1.50,  "a":"\\u00e9\xc3\xa9"}, "type": "noop"}')

    assert isinstance(submission.payload, Raw)
    assert bytes(submission.payload) == b'{"b":1.50,  "a":"\\u00e9\xc3\xa9"}'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", 0),
        ("priority", 255),
        ("max_retry", 0),
        ("max_retry", 100),
        ("queue_timeout", 0.001),
        ("queue_timeout", 2_592_000),
        ("queue_timeout", None),
        ("process_timeout", 0.001),
        ("process_timeout", 2_592_000),
        ("delay", 0),
        ("delay", 2_592_000),
        ("run_at", "2001-01-01T00:00:00Z"),
        ("run_at", "0001-01-01T00:00:00+23:59"),
        ("run_at", "2030-03-17T19:46:40.5+02:00"),
        ("weight", 0.001),
        ("weight", 1000),
        ("concurrency_key", "k" * 256),
        ("concurrency_key", "ключ 🔑"),
        ("labels", {str(i): "v" * 256 for i in range(16)}),
        ("labels", {"n" * 64: ""}),
        ("resources", {"gpu_memory_mb": 8_000, "slots": 2}),
        ("model", "sdxl-turbo"),
        ("retry", {"backoff": "fixed", "base": 0, "max": 10, "jitter": 1}),
        ("webhook", {"url": "https://example.com/hook", "events": ["success", "failed"]}),
        ("payload", None),
        ("payload", "x" * 998),
    ],
)
def test_values_within_their_range_are_taken(name: str, value: Any) -> None:
    read(with_field(name, value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "Upper"),
        ("type", ""),
        ("type", "a" * 65),
        ("type", "noop\n"),
        ("type", 5),
        ("queue", "-x"),
        ("queue", "a b"),
        ("queue", "q\n"),
        ("queue", "q" * 65),
        ("queue", None),
        ("priority", -1),
        ("priority", 256),
        ("priority", 1.5),
        ("priority", "1"),
        ("priority", True),
        ("max_retry", -1),
        ("max_retry", 101),
        ("queue_timeout", 0),
        ("queue_timeout", 2_592_000.1),
        ("process_timeout", None),
        ("process_timeout", -5),
        ("delay", -0.001),
        ("delay", 2_592_001),
        ("run_at", "tomorrow"),
        ("run_at", "2030-01-01T00:00:00"),
        ("run_at", 1_900_000_000),
        ("run_at", "2030-06-01T00:00:00Z"),
        ("concurrency_key", ""),
        ("concurrency_key", "k" * 257),
        ("concurrency_key", "a\u0000b"),
        ("concurrency_key", "a\u0085b"),
        ("max_concurrency", 0),
        ("weight", 0),
        ("weight", 1000.1),
        ("labels", {str(i): "v" for i in range(17)}),
        ("labels", {"": "v"}),
        ("labels", {"n" * 65: "v"}),
        ("labels", {"n": "v" * 257}),
        ("labels", {"n": "a\nb"}),
        ("labels", {"n": 1}),
        ("labels", []),
        ("resources", {"slots": 0}),
        ("resources", {"gpu_memory_mb": -1}),
        ("model", ""),
        ("retry", {"backoff": "linear"}),
        ("retry", {"jitter": 1.1}),
        ("webhook", {"url": "ftp://example.com"}),
        ("webhook", {"url": "http://127.0.0.1/"}),
        ("webhook", {"url": "https://example.com", "events": ["done"]}),
        ("webhook", {"url": "https://example.com", "events": []}),
        ("webhook", {}),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_field(name: str, value: Any) -> None:
    problem = refused(with_field(name, value))

    assert problem.kind.status == 422
    [error] = problem.errors
    assert error.field.partition(".")[0].partition("[")[0] == name
    assert error.message
    assert error.hint


def test_all_that_is_wrong_is_said_at_once() -> None:
    problem = refused(b'{"prio": 1, "priority": 999, "labels": 5}')

    said = {error.field: error.message for error in problem.errors}
    assert said.keys() == {"prio", "type", "priority", "labels"}
    assert said["prio"] == "unknown field"
    assert said["type"] == "required"


def test_an_unknown_field_is_answered_with_what_was_probably_meant() -> None:
    [error] = refused(b'{"type": "noop", "max_retrys": 1}').errors

    assert (error.field, error.hint) == ("max_retrys", "did you mean max_retry?")


def test_an_unknown_field_inside_another_is_named_with_its_path() -> None:
    [error] = refused(with_field("retry", {"backof": "fixed"})).errors

    assert error.field == "retry.backof"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"delay": 1, "run_at": "2030-03-17T19:46:40Z"}, "run_at"),
        ({"max_concurrency": 3}, "concurrency_key"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(body: dict[str, Any], field: str) -> None:
    problem = refused(json.dumps({"type": "noop", **body}).encode())

    assert [error.field for error in problem.errors] == [field]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"type": "noop",}',
        b'{"type": "noop"} x',
        b"{'type': 'noop'}",
        b'{"type": "noop", "payload": NaN}',
        b'{"type": "noop", "payload": 01}',
        b'{"type": "noop", "payload": "\x01"}',
        b'{"type": "noop", "payload": "\\ud800"}',
        b'{"type": "noop", "payload": "\xff"}',
        b'{"type": "\xff"}',
        b'{"\xff": 1}',
        b'\xef\xbb\xbf{"type": "noop"}',
        b'{"type": 5, "payload": }',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type": "noop", "payload": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    assert refused(body).kind.status == 400


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5", b"true"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    problem = refused(body)

    assert problem.kind.status == 422
    assert problem.errors[0].field == "body"


def test_a_payload_may_be_nested_this_deep_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        return b'{"type": "noop", "payload": ' + b'{"[":[' * (levels // 2) + b"]}" * (levels // 2) + b"}"

    read(nested(MAX_NESTING), Rules(100_000))
    assert refused(nested(MAX_NESTING + 2), Rules(100_000)).kind.status == 400


def test_brackets_in_texts_are_no_nesting() -> None:
    read(json.dumps({"type": "noop", "payload": ['[{"' * 300, '\\"[' * 300]}).encode(), Rules(100_000))


def test_many_small_objects_are_not_deep() -> None:
    read(json.dumps({"type": "noop", "payload": [{"a": []}] * 1_000}).encode(), Rules(100_000))


def test_a_payload_that_is_too_large_is_refused_with_the_remedy() -> None:
    problem = refused(with_field("payload", "x" * 999))

    assert problem.kind.status == 413
    assert "artifact" in problem.errors[0].hint


def test_private_webhook_addresses_are_taken_where_the_operator_allows_them() -> None:
    read(with_field("webhook", {"url": "http://127.0.0.1:9/"}), Rules(1_000, allow_private_webhooks=True))


def test_one_bad_item_of_a_batch_does_not_spoil_the_others() -> None:
    body = b'{"tasks": [{"type": "a"}, {"type": 5}, 7, {"type": "b", "x": 1}, {"type": "c"}]}'

    first, wrong_type, no_object, unknown, last = read_batch(body, RULES, now_ms=NOW_MS)

    assert isinstance(first, Submission)
    assert isinstance(last, Submission)
    assert [p.errors[0].field for p in (wrong_type, no_object, unknown) if isinstance(p, Problem)] == [
        "type",
        "body",
        "x",
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"tasks": []}', 422),
        (b"{}", 422),
        (b"[]", 422),
        (b'{"tasks": {}}', 422),
        (b'{"tasks": [{}], "more": 1}', 422),
        (b'{"tasks": [' + b",".join([b"{}"] * 1001) + b"]}", 422),
        (b'{"tasks": [{]}', 400),
        (b'{"tasks": ["\xff"]}', 400),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes, status: int) -> None:
    with pytest.raises(Problem) as caught:
        read_batch(body, RULES, now_ms=NOW_MS)

    assert caught.value.kind.status == status


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_bytes_at_all_lead_to_anything_but_a_submission_or_a_problem(body: bytes) -> None:
    try:
        read(body)
    except Problem as problem:
        assert problem.kind.status in (400, 413, 422)  # noqa: PT017  # either outcome is fine


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
_fields = st.sampled_from([*Submission.__struct_fields__, "other"])


@given(st.dictionaries(_fields, _json, max_size=6))
def test_no_json_at_all_leads_to_anything_but_a_submission_or_a_problem(fields: dict[str, Any]) -> None:
    body = json.dumps({"type": "noop", **fields}).encode()
    try:
        read(body)
    except Problem as problem:
        assert problem.errors  # noqa: PT017  # either outcome is fine
