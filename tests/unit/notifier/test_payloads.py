"""By what a payload can be found."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw
from unit.notifier.records import CREATED_MS, task

from xqueue_common.codec import encode
from xqueue_common.events import Cancel, Submit
from xqueue_notifier.history.payloads import field_rows, fields_of, read_submitted

ONE = task(1)


def fields(payload: Any, most: int = 32) -> list[tuple[str, str]]:
    return fields_of(msgspec.json.encode(payload), most)


def test_every_scalar_is_a_field_by_its_path_and_text() -> None:
    payload = {"user": {"id": 42, "name": "Zoë"}, "ratio": 0.5, "on": True, "off": False, "none": None, "empty": ""}

    assert sorted(fields(payload)) == [
        ("empty", ""),
        ("off", "false"),
        ("on", "true"),
        ("ratio", "0.5"),
        ("user.id", "42"),
        ("user.name", "Zoë"),
    ]


@pytest.mark.parametrize(
    ("number", "text"), [(b"1.0", "1"), (b"-0.0", "0"), (b"1e3", "1000"), (b"1.50", "1.5"), (b"-7", "-7")]
)
def test_equal_numbers_have_one_text(number: bytes, text: str) -> None:
    assert fields_of(b'{"n":' + number + b"}", 32) == [("n", text)]


def test_elements_of_a_list_have_its_path() -> None:
    assert fields({"tags": ["red", "red", "blue"], "items": [{"id": 1}, {"id": [2]}]}) == [
        ("tags", "red"),
        ("tags", "blue"),
        ("items.id", "1"),
        ("items.id", "2"),
    ]


def test_the_fields_that_lie_least_deep_come_first_and_only_so_many() -> None:
    payload = {"deep": {"er": {"a": 1}}, "b": 2, "c": 3}

    assert fields(payload, 2) == [("b", "2"), ("c", "3")]
    assert len(fields({str(n): n for n in range(1_000)})) == 32


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nonsense",
        b'"\\ud800"',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"n":' + b"9" * 10_000 + b"}",
        b'{"n":1e999}',
        b"42",
        b'"text"',
        b"[1, 2]",
        b'{"":1}',
        b'{"a":"' + b"x" * 257 + b'"}',
        b'{"' + b"x" * 257 + b'":1}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":' * 9 + b"1" + b"}" * 9,
    ],
)
def test_what_cannot_be_searched_by_has_no_fields_and_does_no_harm(payload: bytes) -> None:
    assert fields_of(payload, 32) == []


def test_a_payload_of_very_many_parts_is_looked_at_in_part() -> None:
    assert fields({"a": [None] * 100_000, "b": {str(n): [] for n in range(100_000)}, "c": 1}) == [("c", "1")]


def test_rows_are_those_of_the_first_submission_of_a_task() -> None:
    both = [read_submitted(encode(Submit(ONE, Raw(payload)))) for payload in (b'{"a":1}', b'{"a":2}')]

    assert field_rows([one for one in both if one], 32) == [
        {"task_id": ONE.task_id, "path": "a", "value": "1", "at_ms": CREATED_MS}
    ]


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", encode(Cancel(ONE.task_id, "default"))])
def test_other_commands_and_what_cannot_be_read_are_passed_over(value: bytes | None) -> None:
    assert read_submitted(value) is None
