"""Which tasks a filter lets through."""

import pytest
from unit.gateway.made import spec, task_id

from xqueue_common.lifecycle import Status
from xqueue_gateway.push.selection import Filter

TASK = spec(queue="images", type="thumbnail", concurrency_key="user-1", labels={"team": "a", "env": "prod"})


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(task_id=[task_id()]),
        Filter(task_id=[task_id(), task_id(2)]),
        Filter(queue=["images"]),
        Filter(queue=["other", "images"]),
        Filter(type=["thumbnail"]),
        Filter(status=[Status.PENDING]),
        Filter(status=[Status.SUCCESS, Status.PENDING]),
        Filter(concurrency_key=["user-1"]),
        Filter(label=["team:a"]),
        Filter(label=["team:a", "env:prod"]),
        Filter(queue=["images"], type=["thumbnail"], status=[Status.PENDING], label=["team:a"]),
    ],
)
def test_a_task_that_matches_in_everything_is_let_through(wanted: Filter) -> None:
    assert wanted.admits(TASK, Status.PENDING)


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(task_id=[task_id(2)]),
        Filter(queue=["other"]),
        Filter(type=["other"]),
        Filter(status=[Status.SUCCESS]),
        Filter(concurrency_key=["user-2"]),
        Filter(label=["team:b"]),
        Filter(label=["nothing:a"]),
        Filter(label=["team:a", "env:test"]),
        Filter(queue=["images"], type=["other"]),
    ],
)
def test_a_task_that_differs_in_anything_is_not(wanted: Filter) -> None:
    assert not wanted.admits(TASK, Status.PENDING)


def test_a_task_without_labels_matches_no_label() -> None:
    assert not Filter(label=["team:a"]).admits(spec(), Status.PENDING)


def test_the_value_of_a_label_may_hold_a_colon() -> None:
    assert Filter(label=["url:http://x"]).admits(spec(labels={"url": "http://x"}), Status.PENDING)
