from xqueue_worker.backends.health import Health
from xqueue_worker.backends.settings import HealthSettings


def test_it_is_up_until_it_was_asked_and_goes_down_after_failures_in_a_row() -> None:
    health = Health(HealthSettings(down_after=2, up_after=3))

    assert [health.heard(well=well) for well in (False, True, False)] == [False, False, False]
    assert health.up
    assert health.heard(well=False)
    assert not health.up


def test_it_comes_up_after_successes_in_a_row() -> None:
    health = Health(HealthSettings(down_after=1, up_after=2))
    health.heard(well=False)

    assert [health.heard(well=well) for well in (True, False, True)] == [False, False, False]
    assert not health.up
    assert health.heard(well=True)
    assert health.up
