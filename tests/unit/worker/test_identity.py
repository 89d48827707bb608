import msgspec
import pytest

from xqueue_common.errors import ConfigError
from xqueue_common.settings import load
from xqueue_common.snapshot import instance_of
from xqueue_worker.drain import plan
from xqueue_worker.identity import Identity, profile_of
from xqueue_worker.settings import WorkerSettings, listed


def test_every_start_is_another_incarnation_of_the_same_instance() -> None:
    first, second = (Identity("gpu-7", queues=["*"], types=["noop"], now_ms=0) for _ in range(2))

    assert first.incarnation != second.incarnation
    assert instance_of(first.incarnation) == instance_of(second.incarnation) == "gpu-7"


def test_equal_queues_and_types_make_equal_profiles_whatever_their_order() -> None:
    assert profile_of(["a", "b"], ["x", "y"]) == profile_of(["b", "a", "a"], ["y", "x"])
    assert profile_of(["a"], ["x"]) != profile_of(["a", "x"], [])


def test_an_offer_tells_slots_and_who_offers() -> None:
    identity = Identity("gpu-7", queues=["b", "a"], types=["y", "x"], now_ms=0)

    offer = identity.offer(seq=5, inbox=3, slots=2)

    assert (offer.instance, offer.inbox, offer.seq, offer.slots) == ("gpu-7", 3, 5, 2)
    assert (offer.queues, offer.types, offer.profile) == (["a", "b"], ["x", "y"], identity.profile)
    info = msgspec.json.decode(offer.info)
    assert info.keys() == {"pid", "host", "started_at", "queues", "types", "gpus", "models", "backends"}
    assert info["started_at"] == "1970-01-01T00:00:00Z"


def test_settings_have_the_documented_defaults() -> None:
    settings = load(WorkerSettings, {})

    assert (settings.worker_slots, settings.queues, settings.worker_heartbeat_s) == (100, ["*"], 1.0)
    assert (settings.lease_s, settings.cancel_grace_s) == (15.0, 5.0)
    assert settings.instance


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XQ_WORKER_SLOTS", "0"),
        ("XQ_WORKER_ID", "a#b"),
        ("XQ_WORKER_HEARTBEAT_S", "soon"),
        ("XQ_WORKER_CELL", "-1"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load(WorkerSettings, {name: value})


def test_lists_are_taken_apart() -> None:
    assert listed(" a, b ,,a") == ["a", "b"]


@pytest.mark.parametrize("shutdown_s", [0.1, 1.0, 10.0, 3600.0])
def test_a_drain_spends_no_more_than_it_may_and_most_of_it_on_finishing(shutdown_s: float) -> None:
    steps = plan(shutdown_s)

    assert sum(steps) == pytest.approx(shutdown_s)
    assert steps.finish_s > steps.stop_s + steps.flush_s
    assert steps.stop_s <= 1
