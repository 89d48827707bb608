"""The table of the lifecycle hangs together."""

import pytest

from xqueue_common.lifecycle import EDGES, TERMINAL, TRANSITIONS, Status


def test_nothing_follows_a_terminal_state() -> None:
    assert {edge.before for edge in TRANSITIONS} & TERMINAL == set()


@pytest.mark.parametrize("status", Status)
def test_every_state_can_be_reached_from_a_submission(status: Status) -> None:
    reached: set[Status | None] = {None}
    while more := {after for before, after in EDGES if before in reached} - reached:
        reached |= more
    assert status in reached


@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_every_open_state_leads_to_an_end_and_can_be_cancelled(status: Status) -> None:
    assert (status, Status.CANCELED) in EDGES


def test_each_transition_says_once_who_and_why() -> None:
    reasons = [(edge.before, edge.after, edge.who, edge.why) for edge in TRANSITIONS]
    assert len(set(reasons)) == len(reasons)
    assert {edge.who for edge in TRANSITIONS} == {"client", "timer", "scheduler", "worker"}


def test_only_an_attempt_can_succeed_or_fail() -> None:
    before = {before for before, after in EDGES if after in (Status.SUCCESS, Status.FAILED)}
    assert before == {Status.PROCESSING}
