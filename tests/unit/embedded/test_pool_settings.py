"""What an operator may choose about the pool, and what is refused."""

from types import SimpleNamespace

import pytest

from xqueue_embedded.errors import WrongSettings
from xqueue_embedded.pool.policy import Rules
from xqueue_embedded.pool.settings import PoolSize, read_settings, read_size, rules_of


def size(text: str) -> PoolSize:
    return read_size(PoolSize, [SimpleNamespace(value=text)])


def test_a_size_is_a_number_or_a_range() -> None:
    assert size("2") == PoolSize(2, 2)
    assert size("1-4") == PoolSize(1, 4)
    assert (str(size("2-2")), str(size("1-64"))) == ("2", "1-64")


@pytest.mark.parametrize("wrong", ["", "0", "-1", "1-", "-4", "4-1", "1-65", "1-2-3", "one", "1..4", "1.5", " 1"])
def test_a_wrong_size_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"like 1-4|from 1 to 64") as caught:
        size(wrong)
    assert repr(wrong) in str(caught.value)


def test_thresholds_come_from_variables() -> None:
    given = read_settings({"XQ_POOL_UP": "0.9", "XQ_POOL_DOWN": "0.1", "XQ_POOL_EVERY_S": "2.5"})

    assert rules_of(given, PoolSize(1, 3)) == Rules(1, 3, 0.9, 0.1, 2_500)
    assert rules_of(read_settings({}), PoolSize(2, 2)) == Rules(2, 2, 0.8, 0.3, 30_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XQ_POOL_UP", "1.1"),
        ("XQ_POOL_UP", "0"),
        ("XQ_POOL_UP", "nan"),
        ("XQ_POOL_UP", "0.3"),
        ("XQ_POOL_DOWN", "-0.1"),
        ("XQ_POOL_DOWN", "nan"),
        ("XQ_POOL_DOWN", "0.8"),
        ("XQ_POOL_EVERY_S", "0"),
        ("XQ_POOL_EVERY_S", "often"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(WrongSettings, match=name):
        read_settings({name: value})
