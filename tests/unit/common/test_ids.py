"""Task ids name their cell; an idempotency key always gives the same one."""

import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xqueue_common.ids import (
    MAX_CELLS,
    cell_of,
    idempotent_task_id,
    is_task_id,
    new_task_id,
    redrive_task_id,
    run_task_id,
    submitted_ms,
)

cells = st.integers(0, MAX_CELLS - 1)
texts = st.text(max_size=20)


@given(cells, st.integers(0, 2**48 - 1))
def test_a_new_id_is_a_uuid_7_that_tells_cell_and_time(cell: int, now_ms: int) -> None:
    task_id = new_task_id(cell, now_ms)

    assert is_task_id(task_id)
    assert (uuid.UUID(task_id).version, uuid.UUID(task_id).variant) == (7, uuid.RFC_4122)
    assert (cell_of(task_id), submitted_ms(task_id)) == (cell, now_ms)


@given(cells, texts, texts, texts)
def test_an_idempotency_key_gives_the_same_uuid_8_each_time(cell: int, tenant: str, queue: str, key: str) -> None:
    task_id = idempotent_task_id(cell, tenant, queue, key)

    assert task_id == idempotent_task_id(cell, tenant, queue, key)
    assert is_task_id(task_id)
    assert uuid.UUID(task_id).version == 8
    assert (cell_of(task_id), submitted_ms(task_id)) == (cell, None)


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
@example(("a", "bc", ""), ("ab", "c", ""))
def test_other_keys_give_other_ids_wherever_the_parts_begin(
    one: tuple[str, str, str], two: tuple[str, str, str]
) -> None:
    assert (idempotent_task_id(0, *one) == idempotent_task_id(0, *two)) is (one == two)


def test_the_id_of_an_idempotency_key_never_changes() -> None:
    """Whoever derives it otherwise runs tasks twice that were submitted before an upgrade."""
    assert idempotent_task_id(5, "acme", "default", "order-1") == "e244d0c7-164b-8005-86f5-919d97936e1d"


def test_the_id_of_a_schedule_s_run_never_changes_and_is_that_of_no_other() -> None:
    """Two schedulers of different versions may append the same run."""
    task_id = run_task_id(5, "acme", "nightly", 1_000)
    assert task_id == "b2adef53-5020-8005-b9cc-93d4948db914"
    assert is_task_id(task_id)
    assert cell_of(task_id) == 5
    others = {
        run_task_id(5, "acme", "nightly", 1_001),
        run_task_id(5, "acme", "nightly1", 1_000),
        run_task_id(5, "acm", "enightly", 1_000),
        idempotent_task_id(5, "schedule", "acme", "nightly"),
    }
    assert len({task_id, *others}) == 5


def test_ids_of_one_moment_differ() -> None:
    assert len({new_task_id(0, 1_000) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("cell", [-1, MAX_CELLS])
def test_a_cell_that_no_id_can_name_is_refused(cell: int) -> None:
    with pytest.raises(ValueError, match="4095"):
        new_task_id(cell, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0190a1b2-c3d4-7005-8abc-0123456789AB",
        "0190a1b2-c3d4-7005-8abc-0123456789ab\n",
        "0190a1b2-c3d4-4005-8abc-0123456789ab",
        "0190a1b2-c3d4-7005-cabc-0123456789ab",
        "0190a1b2c3d470058abc0123456789ab",
        "{0190a1b2-c3d4-7005-8abc-0123456789ab}",
    ],
)
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert not is_task_id(text)


@given(cells, cells)
def test_a_dead_letter_gives_the_same_uuid_8_each_time_and_others_give_others(cell: int, of: int) -> None:
    letter, other = new_task_id(of, 1), new_task_id(of, 1)
    task_id = redrive_task_id(cell, letter)

    assert task_id == redrive_task_id(cell, letter) != redrive_task_id(cell, other)
    assert is_task_id(task_id)
    assert (cell_of(task_id), submitted_ms(task_id)) == (cell, None)
