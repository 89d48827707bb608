"""No more listen than there is room for."""

import resource

import pytest

from xqueue_gateway.files import allow_subscribers
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.seats import Seats


def test_each_kind_is_bounded_by_itself_and_a_seat_is_given_back() -> None:
    seats = Seats(most=1, files=10)
    with seats.taken("socket"):
        with pytest.raises(Problem) as caught:
            seats.check("socket")
        seats.check("stream")

    seats.check("socket")
    assert caught.value.kind.status == 503
    assert caught.value.retry_after_s == 5


def test_all_together_have_no_more_than_the_files_that_there_are() -> None:
    seats = Seats(most=10, files=2)
    with seats.taken("socket"), seats.taken("stream"), pytest.raises(Problem, match="files"):
        seats.check("socket")


def test_as_many_files_are_asked_for_as_the_system_ever_gives() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = before[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_024, hard), hard))
        allowed = allow_subscribers(100)
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert 0 < allowed < soft or hard == resource.RLIM_INFINITY
    assert hard in {soft, resource.RLIM_INFINITY}
