"""How much room there is, who gets it, and when to come again."""

import pytest
from unit.gateway.made import NOW_MS, spec

from xqueue_common.limits import Limit, QueueSettings
from xqueue_gateway.control.book import Book
from xqueue_gateway.tasks.room import MOST_SCOPES, Bound, Ledger, bounds_of, full, hopeless, retry_after_s


def test_nothing_is_bounded_that_nobody_bounded() -> None:
    book = Book()
    book.note("queue/default", 0, QueueSettings(workers=1))
    book.note("limit/tenant/default", 0, Limit(max_concurrency=1))

    assert list(bounds_of(spec(concurrency_key="k"), book)) == []


def test_queue_tenant_and_key_bound_a_task() -> None:
    book = Book()
    book.note("queue/default", 0, QueueSettings(max_size=1))
    book.note("limit/tenant/default", 0, Limit(max_size=2))
    book.note("limit/key/default/a/b", 0, Limit(max_size=3))

    assert list(bounds_of(spec(concurrency_key="a/b"), book)) == [
        Bound("q/default", "queue", "default", 1),
        Bound("n/default", "tenant", "default", 2),
        Bound("k/default/a/b", "concurrency_key", "a/b", 3),
    ]
    assert [bound.field for bound in bounds_of(spec(concurrency_key="other"), book)] == ["queue", "tenant"]


def test_a_place_counts_from_its_promise_until_the_cell_counts_it() -> None:
    ledger = Ledger()
    ledger.learn(10, {"q/a": 3})

    ledger.take(["q/a"])
    assert ledger.waiting("q/a") == 4
    ledger.settle(["q/a"], 12)
    assert ledger.waiting("q/a") == 4
    ledger.learn(12, {"q/a": 3})
    assert ledger.waiting("q/a") == 4
    ledger.learn(13, {"q/a": 4})
    assert ledger.waiting("q/a") == 4


def test_a_place_that_was_not_used_is_free_again() -> None:
    ledger = Ledger()

    ledger.take(["q/a", "n/b"])
    ledger.settle(["q/a", "n/b"], None)

    assert (ledger.waiting("q/a"), ledger.waiting("n/b")) == (0, 0)


def test_a_task_that_the_cell_counted_before_its_offset_was_known_counts_once() -> None:
    ledger = Ledger()

    ledger.take(["q/a"])
    ledger.learn(13, {"q/a": 1})
    ledger.settle(["q/a"], 12)

    assert ledger.waiting("q/a") == 1


def test_of_very_many_scopes_only_those_on_their_way_are_kept() -> None:
    ledger = Ledger()
    for number in range(MOST_SCOPES + 1):
        scope = f"k/default/{number}"
        ledger.take([scope])
        ledger.settle([scope], number)
    ledger.take(["k/default/sending"])

    ledger.learn(MOST_SCOPES, {"q/a": 1})

    assert len(ledger) == 3
    assert [ledger.waiting(f"k/default/{n}") for n in (0, MOST_SCOPES, "sending")] == [0, 1, 1]


def test_an_answer_that_comes_late_does_not_undo_a_later_one() -> None:
    ledger = Ledger()
    ledger.learn(20, {"q/a": 7})
    ledger.learn(10, {"q/a": 1})

    assert ledger.waiting("q/a") == 7


@pytest.mark.parametrize(
    ("over", "per_second", "after_s"),
    [(1, 0.0, 5), (1, 10.0, 1), (10, 2.0, 5), (11, 2.0, 6), (1_000_000, 1.0, 300), (1, 0.017, 59)],
)
def test_when_to_come_again_follows_from_how_fast_it_drains(over: int, per_second: float, after_s: int) -> None:
    assert retry_after_s(over, per_second) == after_s


def test_a_refusal_names_what_is_full() -> None:
    problem = full(Bound("q/a", "queue", "a", 10), 14, 0.5)

    assert (problem.kind.status, problem.retry_after_s) == (429, 10)
    assert [(error.field, error.message) for error in problem.errors] == [
        ("queue", "a is full: 14 tasks wait, 10 may")
    ]


def test_a_task_is_hopeless_that_will_wait_longer_than_it_may() -> None:
    problem = hopeless(spec(queue_timeout_ms=10_000), waiting=30, per_second=2.0)

    assert problem is not None
    assert (problem.kind.status, problem.retry_after_s) == (429, 5)
    assert problem.errors[0].field == "queue_timeout"


def test_a_task_is_not_hopeless_while_there_is_hope() -> None:
    assert hopeless(spec(queue_timeout_ms=15_000), waiting=30, per_second=2.0) is None
    assert hopeless(spec(queue_timeout_ms=None), waiting=30, per_second=2.0) is None
    assert hopeless(spec(queue_timeout_ms=1), waiting=30, per_second=0.0) is None
    assert hopeless(spec(queue_timeout_ms=1, run_at_ms=NOW_MS), waiting=30, per_second=2.0) is None
