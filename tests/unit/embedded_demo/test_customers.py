"""What customers order is bounded, so that the demo can run for hours."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from xqueue_embedded.demo.customers import CUSTOMERS, MOST_WAITING, Appetite

NAMES = [customer.name for customer in CUSTOMERS]


@given(seed=st.integers(), done=st.lists(st.sampled_from(NAMES), max_size=200))
def test_the_backlog_is_bounded_however_fast_the_model_reads(seed: int, done: list[str]) -> None:
    appetite, waiting = Appetite(Random(seed)), dict.fromkeys(NAMES, 0)
    for name in done:
        for order in appetite.orders(sum(waiting.values()), waiting):
            waiting[order.customer.name] += 1
        assert sum(waiting.values()) <= MOST_WAITING
        waiting[name] = max(0, waiting[name] - 1)


def test_nobody_orders_while_others_have_much_waiting() -> None:
    appetite = Appetite(Random(1))

    assert appetite.orders(MOST_WAITING + 100, {}) == []
    assert appetite.orders(MOST_WAITING - 1, {}) == []


def test_customers_order_again_once_little_waits() -> None:
    appetite = Appetite(Random(1))
    appetite.orders(MOST_WAITING, {})

    assert appetite.orders(0, {}) != []


def test_everybody_orders_and_some_of_it_is_urgent() -> None:
    appetite = Appetite(Random(1))
    orders = [order for _ in range(200) for order in appetite.orders(0, {})]

    assert {order.customer for order in orders} == set(CUSTOMERS)
    assert {order.urgent for order in orders} == {True, False}


def test_limits_are_one_two_and_three() -> None:
    assert [customer.limit for customer in CUSTOMERS] == [1, 2, 3]
