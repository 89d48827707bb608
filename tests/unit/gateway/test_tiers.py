"""What tiers allow, and buckets of requests."""

import pytest

from xqueue_common.errors import ConfigError
from xqueue_gateway.access.bucket import Taken, take
from xqueue_gateway.access.tiers import Rate, Tier, Tiers

RATE = Rate(10, 60_000)


def tiers(requests: str = "", open_tasks: str = "", submissions: str = "") -> Tiers:
    return Tiers(requests=requests, open_tasks=open_tasks, submissions=submissions)


def test_a_tier_allows_what_the_settings_say_and_else_everything() -> None:
    read = tiers("standard=100, batch=10", "standard=7", "batch=1000")

    assert read.of("standard") == Tier("standard", Rate(100, 60_000), 7, None)
    assert read.of("batch") == Tier("batch", Rate(10, 60_000), None, Rate(1000, 86_400_000))
    assert read.of("gold") == Tier("gold")
    assert read.names == ["batch", "standard"]


def test_a_tenant_has_what_the_widest_tier_of_its_keys_allows() -> None:
    read = tiers(open_tasks="small=1,large=9", submissions="small=5,large=6")

    assert read.widest({"small", "large"})[2:] == (9, Rate(6, 86_400_000))
    assert read.widest({"small", "unbounded"})[2:] == (None, None)
    assert read.widest(set())[2:] == (None, None)


@pytest.mark.parametrize("text", ["standard", "standard=", "standard=0", "=5", "a=1;b=2", "a=-1", "a=1.5", "a=²"])
def test_a_tier_that_makes_no_sense_names_its_variable(text: str) -> None:
    with pytest.raises(ConfigError, match="XQ_TIER_REQUESTS"):
        tiers(text)


def test_a_bucket_gives_all_it_holds_at_once_and_then_what_has_flown_in() -> None:
    full, taken = 0.0, []
    for _ in range(11):
        full, one = take(full, 1_000, RATE, 1)
        taken.append(one)

    assert [one.granted for one in taken] == [True] * 10 + [False]
    assert [one.left for one in taken] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert taken[-1].wait_ms == 6_000
    assert take(full, 7_000, RATE, 1)[1] == Taken(granted=True, left=0, wait_ms=0, full_ms=60_000)


def test_what_is_more_than_a_bucket_holds_is_never_granted_and_takes_nothing() -> None:
    full, refused = take(0.0, 1_000, RATE, 11)

    assert not refused.granted
    assert take(full, 1_000, RATE, 10)[1].granted
