"""The tour by curl (`just tour`) misses nothing."""

from tour.stops import STOPS

from xqueue_gateway.http.operations import OPERATIONS


def test_every_operation_has_a_stop() -> None:
    assert sorted({op.name for op in OPERATIONS} - {stop.operation for stop in STOPS}) == []


def test_what_a_stop_asks_for_was_kept_by_one_before() -> None:
    kept = {"queue", "recording"}
    for stop in STOPS:
        assert {value[1:] for value in stop.path.values() if value.startswith("$")} <= kept, stop
        kept |= stop.keep.keys()
