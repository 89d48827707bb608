"""The board counts what it is told, in whatever order that comes."""

from datetime import datetime, timedelta

import pytest
from unit.embedded_demo.telling import NOON, ended, told

from xqueue_embedded.demo.board import Board, Span, most_at_once
from xqueue_embedded.demo.customers import CUSTOMERS

ONE, _, THREE = CUSTOMERS


def test_a_customers_tasks_are_counted_by_what_they_do() -> None:
    board = Board()
    for task in (told("a", "pending"), told("b", "processing"), told("c", "processing", customer="customer-1")):
        board.take(task)

    assert (board.waiting(THREE), board.running(THREE)) == (1, 1)
    assert (board.waiting(ONE), board.running(ONE)) == (0, 1)


def span(began: int, ended: int) -> Span:
    return Span(NOON + timedelta(seconds=began), NOON + timedelta(seconds=ended))


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([span(0, 3)], 1),
        ([span(0, 3), span(3, 6)], 1),
        ([span(0, 3), span(2, 6), span(5, 9)], 2),
        ([span(5, 9), span(0, 9), span(1, 8)], 3),
    ],
)
def test_attempts_that_overlap_ran_at_once(spans: list[Span], most: int) -> None:
    assert most_at_once(spans) == most


def test_the_most_that_ran_at_once_is_kept() -> None:
    board = Board()
    for name in "abc":
        board.take(ended(name))
    for n in range(100):
        board.take(ended(f"later{n}", started_at=at(10 * n), finished_at=at(10 * n + 5)))

    assert board.most["customer-3"] == 3


def at(seconds: int) -> datetime:
    return NOON + timedelta(days=1, seconds=seconds)


def test_what_is_heard_in_another_order_breaks_no_limit() -> None:
    board = Board()
    for task_id in ("first", "second"):
        board.take(told(task_id, "processing", version=2, customer="customer-1"))
    running = board.running(ONE)
    board.take(ended("second", customer="customer-1", started_at=at(5), finished_at=at(9)))
    board.take(ended("first", customer="customer-1", started_at=at(0), finished_at=at(5)))

    assert (running, board.most["customer-1"]) == (1, 1)


def test_what_comes_late_changes_nothing() -> None:
    board = Board()
    for task in (told("a", "processing", version=2), told("a", "pending", version=1)):
        board.take(task)
    running = board.running(THREE)
    for task in (ended("a", "one two", "three four"), told("a", "processing", version=2), ended("a")):
        board.take(task)

    assert (running, board.running(THREE), board.read) == (1, 0, 1)


def test_tasks_of_others_are_left_alone() -> None:
    board = Board()
    board.take(told("a", "processing", labels={}))

    assert board.running(THREE) == 0


def test_what_was_read_is_held_against_what_was_written() -> None:
    board = Board()
    board.take(ended("a", "one two", "three four"))
    board.take(ended("b", "one two", "three tour"))
    board.take(told("c", "failed", version=3))

    assert (board.right, board.wrong, board.lost) == (1, 1, 1)
    assert [it.read for it in board.last] == ["one two / three four", "one two / three tour", ""]


def test_how_long_it_waited_and_took_is_told() -> None:
    board = Board()
    board.take(ended("a"))

    [it] = board.last
    assert (it.waited_s, it.took_s) == (2.0, 3.0)


@pytest.mark.parametrize("result", [None, [1], {"lines": []}])
def test_any_result_can_be_taken(result: object) -> None:
    board = Board()
    board.take(told("a", "success", version=3, result=result))

    assert (board.right, board.wrong) == (0, 1)


def test_what_it_keeps_is_bounded() -> None:
    board = Board()
    for n in range(2_000):
        board.take(ended(f"t{n}"))

    assert len(board.last) == 8
    assert board.longest_unheard is None


def test_the_task_heard_of_longest_ago_is_known() -> None:
    board = Board()
    for task in (told("a", "pending"), told("b", "pending"), told("a", "processing", version=2)):
        board.take(task)

    assert board.longest_unheard == "b"
