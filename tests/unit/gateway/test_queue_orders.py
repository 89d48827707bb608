"""The settings of a queue: what is taken, what is refused and how, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from unit.gateway.made import task_id

from xqueue_common.codec import encode
from xqueue_common.events import Configure, read_command
from xqueue_common.limits import QueueSettings, Rate
from xqueue_common.task import Backoff
from xqueue_gateway.control.queue_order import (
    NAMED_HINTS,
    QUEUE_HINTS,
    NewQueue,
    QueueOrder,
    ReorderOrder,
    changed,
    check_order,
    replaced,
)
from xqueue_gateway.control.queue_view import Load, Standing, defaults_of, show_queue
from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.form import Form
from xqueue_gateway.submissions.spec import Defaults

ALL: dict[str, Any] = {
    "workers": 8,
    "max_concurrency": 4,
    "max_size": 100,
    "default_priority": 7,
    "default_max_retry": 1,
    "default_retry": {"backoff": "fixed", "base": 0.5, "max": 2, "jitter": 0},
    "default_queue_timeout": 1.5,
    "default_process_timeout": 0.25,
    "rate": {"per_second": 2.5, "burst": 5},
    "aging": 60,
}
STORED = QueueSettings(
    workers=8,
    max_concurrency=4,
    rate=Rate(2.5, 5),
    max_size=100,
    priority=7,
    max_retry=1,
    backoff=Backoff("fixed", 500, 2_000, 0),
    queue_timeout_ms=1_500,
    process_timeout_ms=250,
    aging_ms=60_000,
)


def order(**fields: Any) -> QueueOrder:
    read = Form(QueueOrder, NAMED_HINTS).read(json.dumps(fields).encode())
    check_order(read)
    return read


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        order(**fields)
    assert caught.value.kind.status == 422
    return {error.field: error.hint for error in caught.value.errors}


def test_every_setting_is_stored() -> None:
    assert replaced(order(**ALL), None) == STORED


def extremes(name: str) -> list[tuple[str, Any]]:
    """The least and the largest value of each number, as the description of the API has them."""
    document = json.loads((Path(__file__).parents[3] / "contracts" / "openapi.json").read_text())
    found = []
    for field, schema in document["components"]["schemas"][name]["properties"].items():
        for one in schema.get("anyOf", [schema]):
            found += [(field, one[bound]) for bound in ("minimum", "maximum") if bound in one]
    return found


@pytest.mark.parametrize(("field", "value"), extremes("QueueOrder"))
def test_what_is_taken_can_be_read_by_whoever_applies_it(field: str, value: Any) -> None:
    command = Configure("queue/images", replaced(order(**{field: value}), None), 0)

    assert read_command(encode(command)) == command


def test_what_is_stored_is_shown_as_it_was_given() -> None:
    shown = show_queue(Standing("images", STORED, Load(3, 2, 1), 4.5, 0.5))
    told = {name: getattr(shown, name) for name in ALL}

    assert json.loads(encode(told)) == ALL
    assert json.loads(encode(shown.status)) == {
        "waiting": 3,
        "scheduled": 2,
        "processing": 1,
        "oldest_age": 4.5,
        "throughput": 0.5,
        "paused": False,
    }


def test_replacing_clears_what_is_left_out_but_leaves_a_pause() -> None:
    before = QueueSettings(workers=1, priority=5, paused=True)

    assert replaced(order(max_size=3), before) == QueueSettings(max_size=3, paused=True)


def test_changing_leaves_what_is_left_out_and_null_clears_one() -> None:
    before = QueueSettings(workers=1, priority=5, max_size=9, paused=True)

    after = changed(order(workers=2, max_size=None), before)

    assert after == QueueSettings(workers=2, priority=5, paused=True)


@pytest.mark.parametrize("name", sorted(ALL))
def test_null_clears_every_setting(name: str) -> None:
    cleared = changed(order(**{name: None}), STORED)

    assert cleared != STORED
    assert replaced(order(**{**ALL, name: None}), None) == cleared


def test_a_queue_may_let_its_tasks_wait_for_ever() -> None:
    for_ever = changed(order(no_queue_timeout=True), STORED)
    and_back = changed(order(default_queue_timeout=3), for_ever)

    assert (for_ever.no_queue_timeout, for_ever.queue_timeout_ms) == (True, None)
    assert (and_back.no_queue_timeout, and_back.queue_timeout_ms) == (False, 3_000)
    assert refused(no_queue_timeout=True, default_queue_timeout=3).keys() == {"no_queue_timeout"}


def test_what_a_queue_does_not_say_is_said_by_the_installation() -> None:
    assert defaults_of(QueueSettings()) == Defaults()
    assert defaults_of(STORED) == Defaults(7, 1, 1.5, 0.25, Backoff("fixed", 500, 2_000, 0))
    assert defaults_of(QueueSettings(priority=0, no_queue_timeout=True)) == Defaults(queue_timeout=None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workers", 0),
        ("workers", 1.5),
        ("workers", True),
        ("max_concurrency", 1_000_001),
        ("max_size", 0),
        ("max_size", "many"),
        ("default_priority", 256),
        ("default_priority", -1),
        ("default_max_retry", 101),
        ("default_retry", "twice"),
        ("default_queue_timeout", 0),
        ("default_queue_timeout", 2_592_001),
        ("no_queue_timeout", 1),
        ("default_process_timeout", "1"),
        ("rate", 5),
        ("aging", 0),
        ("aging", []),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(field: str, value: Any) -> None:
    assert refused(**{field: value}) == {field: QUEUE_HINTS[field]}


def test_every_wrong_field_is_named_at_once() -> None:
    fields = refused(workers=0, max_size=-1, rate={"per_second": 0}, default_retry={"bas": 1}, agin=1)

    assert fields.keys() == {"workers", "max_size", "rate.per_second", "default_retry.bas", "agin"}
    assert fields["agin"] == "did you mean aging?"


def test_what_is_only_told_cannot_be_set() -> None:
    fields = refused(paused=True, status={}, name="images")

    assert fields == {
        "paused": "POST to …/pause or …/resume changes it",
        "status": "it is only told, by GET",
        "name": "the path names the queue",
    }


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "ä", "a" * 65, "a\n", 5, None])
def test_a_queue_needs_a_good_name(name: Any) -> None:
    with pytest.raises(Problem) as caught:
        Form(NewQueue, QUEUE_HINTS).read(json.dumps({"name": name}).encode())

    assert [error.field for error in caught.value.errors] == ["name"]


@pytest.mark.parametrize(
    ("task_ids", "field"),
    [
        ([], "task_ids"),
        ("x", "task_ids"),
        (["x"], "task_ids[0]"),
        ([task_id()] * 1001, "task_ids"),
        (None, "task_ids"),
    ],
)
def test_an_order_of_tasks_names_what_is_no_id(task_ids: Any, field: str) -> None:
    with pytest.raises(Problem) as caught:
        Form(ReorderOrder, {}).read(json.dumps({"task_ids": task_ids}).encode())

    assert [error.field for error in caught.value.errors] == [field]
