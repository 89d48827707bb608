"""Which changes of a queue do nothing but let more in, or begin."""

from typing import Any

import pytest
from msgspec import structs

from xqueue_common.limits import QueueSettings, Rate
from xqueue_gateway.control.queue_order import only_relieves

HELD = QueueSettings(workers=2, max_concurrency=1, rate=Rate(0.1, 1), max_size=1, priority=3, paused=True)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"paused": False},
        {"max_concurrency": None},
        {"workers": None, "max_concurrency": None, "rate": None, "max_size": None, "paused": False},
    ],
)
def test_taking_off_what_holds_up_relieves(change: dict[str, Any]) -> None:
    assert only_relieves(HELD, structs.replace(HELD, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"max_concurrency": 2},
        {"max_size": 5, "paused": False},
        {"priority": None},
        {"paused": False, "aging_ms": 1_000},
    ],
)
def test_whatever_else_is_changed_does_not(change: dict[str, Any]) -> None:
    assert not only_relieves(HELD, structs.replace(HELD, **change))


def test_a_pause_relieves_nobody() -> None:
    assert not only_relieves(QueueSettings(), QueueSettings(paused=True))
