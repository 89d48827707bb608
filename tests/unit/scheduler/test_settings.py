"""The scheduler's settings reach Redis in ms."""

import pytest

from xqueue_common.errors import ConfigError
from xqueue_common.settings import load
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.head import HeadSettings


def test_without_any_setting_the_defaults_of_both_sides_agree() -> None:
    assert load(Settings, {}).head() == HeadSettings(roll_age=302_400_000)


def test_seconds_become_ms() -> None:
    environ = {"XQ_LEASE_S": "1.5", "XQ_CANCEL_S": "0.001", "XQ_ROLL_RECORDS": "7", "XQ_WORKER_STALE_S": "2"}
    head = load(Settings, environ).head()
    assert (head.lease, head.cancel, head.roll, head.stale) == (1_500, 1, 7, 2_000)


@pytest.mark.parametrize("name", ["XQ_LEASE_S", "XQ_BATCH", "XQ_GRANTS", "XQ_SESSION_S", "XQ_ROLL_RECORDS"])
def test_zero_is_refused_by_the_name_of_its_variable(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load(Settings, {name: "0"})
