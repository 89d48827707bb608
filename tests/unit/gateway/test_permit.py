"""Who was let in may stay until it is told otherwise."""

from typing import Any

from xqueue_gateway.access.permit import EVERLASTING, Permit, give_permit, permit_of


def test_all_that_hang_on_a_permit_are_told_once_when_it_ends() -> None:
    permit = Permit()
    told: list[str] = []
    with permit.watched(told.append), permit.watched(lambda why: told.append(f"{why} too")):
        permit.end("revoked")
        permit.end("expired")

    assert sorted(told) == ["revoked", "revoked too"]


def test_whoever_comes_after_its_end_is_told_at_once() -> None:
    permit = Permit()
    permit.end("revoked")
    told: list[str] = []

    with permit.watched(told.append):
        assert told == ["revoked"]


def test_whoever_has_gone_is_not_told() -> None:
    permit = Permit()
    told: list[str] = []
    with permit.watched(told.append):
        pass

    permit.end("revoked")

    assert told == []


def test_without_another_one_it_is_for_ever() -> None:
    scope: Any = {}
    assert permit_of(scope) is EVERLASTING

    mine = Permit()
    give_permit(scope, mine)

    assert permit_of(scope) is mine
