"""How many workers there should be: bounds, thresholds, and that the pool does not go to and fro."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xqueue_embedded.pool.policy import Grow, Load, Look, Retire, Rules, Stay, decide, utilisation

EVERY_MS = 30_000
RULES = Rules(least=1, most=4, up=0.8, down=0.3, every_ms=EVERY_MS)
LONG_AGO = 0
NOW = 10 * EVERY_MS


def pool(*running: int, slots: int = 10, waiting: int = 0, leaving: int = 0) -> Look:
    """Workers with so many attempts each, named by their place."""
    loads = [Load(str(place), slots, attempts, place) for place, attempts in enumerate(running)]
    return Look(loads, len(loads), leaving, waiting)


def decided(look: Look, rules: Rules = RULES, *, changed_ms: int = LONG_AGO, busy_ms: int = LONG_AGO) -> object:
    return decide(look, rules, now_ms=NOW, changed_ms=changed_ms, busy_ms=busy_ms)


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (pool(8), Grow(1)),
        (pool(7), Stay()),
        (pool(10, waiting=100), Grow(1)),  # no more than there are
        (pool(10, 10, waiting=100), Grow(2)),
        (pool(10, 10, waiting=11), Grow(2)),
        (pool(10, 10, waiting=10), Grow(1)),
        (pool(10, 10, 10, waiting=100), Grow(1)),  # no room for more
        (pool(10, 10, 10, 10, waiting=100), Stay()),
        (pool(10, waiting=9, leaving=3), Stay()),  # leaving ones still use the machine
        (pool(0, slots=0, waiting=1), Grow(1)),  # all that it has is lost to handlers that cannot be stopped
        (pool(0, slots=0), Stay()),
        (pool(0, waiting=5), Stay()),  # held by limits, or by a type that nobody handles
    ],
)
def test_it_grows_when_it_is_busy(look: Look, wanted: object) -> None:
    assert decided(look) == wanted


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (pool(3, 3), Retire("1")),
        (pool(4, 3), Stay()),
        (pool(0, 1, 0), Retire("2")),  # the emptiest, of these the youngest
        (pool(1, 0, 1), Retire("1")),
        (pool(0), Stay()),
        (pool(0, 0, waiting=5), Retire("1")),
        (pool(0, 0, slots=0), Stay()),
    ],
)
def test_it_shrinks_by_one_when_it_has_little_to_do(look: Look, wanted: object) -> None:
    assert decided(look) == wanted


def test_little_to_do_counts_when_it_has_lasted_for_an_interval() -> None:
    assert decided(pool(0, 0), busy_ms=NOW - EVERY_MS + 1) == Stay()
    assert decided(pool(0, 0), busy_ms=NOW - EVERY_MS) == Retire("1")


def test_it_stays_when_the_others_would_be_too_busy_at_once() -> None:
    close = RULES._replace(down=0.5)

    assert decided(pool(5, 5), close) == Stay()
    assert decided(pool(3, 4), close) == Retire("0")


def test_workers_that_are_missing_are_replaced() -> None:
    few = RULES._replace(least=3)

    assert decided(pool(0), few) == Grow(2)
    assert decided(pool(0, leaving=2), few) == Grow(1)


def test_workers_that_start_count_and_are_not_let_go() -> None:
    heard = pool(3)

    assert decided(heard._replace(size=2)) == Stay(), "nobody would be left to take what comes"
    assert decided(pool(10, 10, waiting=50)._replace(size=3)) == Grow(1)


def worlds() -> st.SearchStrategy[tuple[Look, Rules]]:
    def look(rules: Rules) -> st.SearchStrategy[tuple[Look, Rules]]:
        load = st.builds(Load, st.uuids().map(str), st.integers(0, 20), st.integers(0, 20), st.integers(0, 1_000))
        looks = st.builds(
            lambda workers, starting, leaving, waiting: Look(workers, len(workers) + starting, leaving, waiting),
            st.lists(load, max_size=rules.most),
            st.integers(0, 2),
            st.integers(0, 3),
            st.integers(0, 1_000),
        )
        return st.tuples(looks, st.just(rules))

    rules = st.builds(
        lambda least, more, up, share: Rules(least, least + more, up, up * share, EVERY_MS),
        st.integers(1, 8),
        st.integers(0, 8),
        st.floats(0.05, 1),
        st.floats(0, 0.99),
    )
    return rules.flatmap(look)


@given(worlds())
def test_the_bounds_are_kept(world: tuple[Look, Rules]) -> None:
    look, rules = world
    match decided(look, rules):
        case Grow(workers):
            assert workers >= 1
            assert look.size + look.leaving + workers <= rules.most
        case Retire(name):
            assert look.size - 1 >= rules.least
            assert name in {worker.name for worker in look.workers}


@given(worlds(), st.integers(0, EVERY_MS - 1))
def test_nothing_changes_within_the_interval_after_a_change(world: tuple[Look, Rules], since_ms: int) -> None:
    look, rules = world
    assert decided(look, rules, changed_ms=NOW - since_ms) == Stay()


@given(worlds())
def test_between_the_thresholds_nothing_changes(world: tuple[Look, Rules]) -> None:
    look, rules = world
    used = utilisation(look)
    free = any(worker.running < worker.slots for worker in look.workers)
    if look.size >= rules.least and used is not None and rules.down < used < rules.up and free:
        assert decided(look, rules) == Stay()


@given(worlds())
def test_whoever_goes_is_not_missed_at_once(world: tuple[Look, Rules]) -> None:
    look, rules = world
    match decided(look, rules):
        case Retire(name):
            rest = [worker for worker in look.workers if worker.name != name]
            gone = next(worker for worker in look.workers if worker.name == name)
            assert all(gone.running <= worker.running for worker in rest)
            # What it leaves behind comes to the others sooner or later.
            heir = max(rest, key=lambda worker: worker.slots)
            loads = [w._replace(running=w.running + gone.running) if w is heir else w for w in rest]
            after = Look(loads, look.size - 1, 0, 0)
            assert not isinstance(decided(after, rules), Grow)


@given(worlds())
def test_a_steady_load_comes_to_rest(world: tuple[Look, Rules]) -> None:
    """The same attempts, spread over the workers that there are: it never grows after it has shrunk."""
    look, rules = world
    running, size = sum(worker.running for worker in look.workers), max(look.size, rules.least)
    directions = []
    for _ in range(3 * rules.most):
        each = [running // size + (place < running % size) for place in range(size)]
        match decided(pool(*each), rules):
            case Grow(workers):
                size, directions = size + workers, [*directions, "up"]
            case Retire(_):
                size, directions = size - 1, [*directions, "down"]
            case _:
                break
    else:
        pytest.fail(f"no rest: {directions}")
    assert len(set(directions)) < 2
