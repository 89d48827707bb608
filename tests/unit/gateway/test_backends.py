from typing import Any

import pytest

from xqueue_common.fleet import BackendInfo
from xqueue_gateway.tasks.backends import Seen, merged


def seen(instance: str, state: Any = "up", *, pool: str = "image", url: str = "http://a", **more: Any) -> Seen:
    known = {"in_flight": 0, "calls": 0, "failures": 0, **more}
    return Seen(instance, BackendInfo(pool=pool, url=url, state=state, **known))


def test_each_server_is_there_once_by_pool_and_address() -> None:
    items = merged([seen("w2", pool="speech"), seen("w1", url="http://b"), seen("w1"), seen("w2")])

    assert [(it.pool, it.url, it.workers) for it in items] == [
        ("image", "http://a", {"w1": "up", "w2": "up"}),
        ("image", "http://b", {"w1": "up"}),
        ("speech", "http://a", {"w2": "up"}),
    ]


def test_what_workers_count_is_added_up_and_the_worst_state_counts() -> None:
    [item] = merged(
        [
            seen("w1", "probing", in_flight=1, calls=3, failures=2, latency_s=4.0, error="it is slow"),
            seen("w2", "open", in_flight=2, calls=1, failures=1, error="it broke off"),
            seen("w3", in_flight=4, calls=1, latency_s=8.0),
        ]
    )

    assert (item.state, item.error) == ("open", "it broke off")
    assert (item.in_flight, item.calls, item.failures) == (7, 5, 3)
    assert item.latency_s == pytest.approx(5.0)
    assert item.workers == {"w1": "probing", "w2": "open", "w3": "up"}


@pytest.mark.parametrize("calls", [0, 7])
def test_before_the_first_answer_there_is_no_latency(calls: int) -> None:
    [item] = merged([seen("w1", calls=calls)])

    assert item.latency_s is None


def test_without_workers_there_are_none() -> None:
    assert merged([]) == []
