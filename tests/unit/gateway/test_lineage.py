"""Which item of a batch depends on which."""

from typing import Any

import pytest
from unit.gateway.made import task_id

from xqueue_gateway.problems import Problem, unavailable
from xqueue_gateway.submissions.lineage import Item, arrange, behind, reference_errors
from xqueue_gateway.submissions.submission import BatchedSubmission


def batch(*parents: Any) -> list[Item]:
    return [BatchedSubmission(type="noop", depends_on=one) for one in parents]


def wrong(items: list[Item]) -> dict[int, list[str]]:
    return {i: [e.field for e in item.errors] for i, item in enumerate(items) if isinstance(item, Problem)}


def test_parents_come_first_whatever_the_order_of_the_batch() -> None:
    lineage = arrange(batch([2], [0, 2], None, [1]))

    assert lineage.order == [2, 0, 1, 3]
    assert wrong(lineage.items) == {}


def test_those_that_depend_on_nobody_keep_their_order() -> None:
    assert arrange(batch(None, [task_id()], None)).order == [0, 1, 2]


def test_a_circle_is_refused_and_nothing_else() -> None:
    lineage = arrange(batch([1], [2], [0, 3], None, [0]))

    assert wrong(lineage.items) == {0: ["depends_on[0]"], 1: ["depends_on[0]"], 2: ["depends_on[0]"]}
    assert lineage.order[-1] == 4  # what waits for the circle is told once that is known to be refused
    assert 3 in lineage.order


@pytest.mark.parametrize("index", [-1, 1, 2, 1 << 70])
def test_an_index_of_no_other_item_is_refused(index: int) -> None:
    items = batch(None, [0, index])

    assert wrong(arrange(items).items) == {1: ["depends_on[1]"]}


def test_a_thousand_items_in_a_row_and_all_that_may_depend_on_all_are_arranged_at_once() -> None:
    row = batch(*([n + 1] for n in range(999)), None)
    wide = batch(*(list(range(max(0, n - 100), n)) or None for n in range(1_000)))

    assert arrange(row).order == list(range(999, -1, -1))
    assert arrange(wide).order == list(range(1_000))


def test_what_is_given_twice_or_is_no_id_is_named_by_its_place() -> None:
    errors = reference_errors([task_id(1), 3, "task-7", task_id(1), 3])

    assert [error.field for error in errors] == ["depends_on[2]", "depends_on[3]", "depends_on[4]"]


def test_one_behind_another_that_may_be_taken_later_may_be_taken_later() -> None:
    part, reason = "history", "it does not answer"
    later = behind("depends_on[0]", unavailable(part, reason, retry_after_s=7))

    assert (later.kind.status, later.retry_after_s, later.errors[0].field) == (503, 7, "depends_on[0]")
    assert behind("depends_on[0]", arrange(batch([0])).items[0]).kind.status == 422  # type: ignore[arg-type]
