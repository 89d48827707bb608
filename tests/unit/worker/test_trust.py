"""Until when a worker trusts its leases; what its children do then: `integration/worker/test_stopping.py`."""

import mmap
import os
import time
from collections.abc import Iterator

import pytest

from xqueue_worker.child.trust import Trust


@pytest.fixture
def trust() -> Iterator[Trust]:
    made = Trust()
    yield made
    made.close()


def test_until_the_first_renewal_leases_are_trusted(trust: Trust) -> None:
    assert not trust.lapsed_since(time.monotonic())


def test_what_is_renewed_in_time_has_not_lapsed(trust: Trust) -> None:
    start_s = time.monotonic()

    trust.extend(3600)
    trust.extend(3600)

    assert not trust.lapsed_since(start_s)


def test_what_has_run_out_has_lapsed(trust: Trust) -> None:
    trust.extend(-1)

    assert trust.lapsed_since(time.monotonic())


def test_a_renewal_that_came_late_does_not_hide_the_lapse(trust: Trust) -> None:
    start_s = time.monotonic()

    trust.extend(-1)
    trust.extend(3600)

    assert trust.lapsed_since(start_s)
    assert not trust.lapsed_since(time.monotonic())


def test_who_is_handed_the_page_can_only_read_it(trust: Trust) -> None:
    again = os.open(f"/proc/self/fd/{trust.fd}", os.O_RDWR)
    try:
        for fd in (trust.fd, again):
            with pytest.raises(PermissionError):
                os.pwrite(fd, b"garbage", 0)
            with pytest.raises(PermissionError):
                os.ftruncate(fd, 0)
            with pytest.raises(PermissionError):
                mmap.mmap(fd, 8)
            assert mmap.mmap(fd, 8, prot=mmap.PROT_READ)
    finally:
        os.close(again)

    trust.extend(3600)
    assert not trust.lapsed_since(time.monotonic())
