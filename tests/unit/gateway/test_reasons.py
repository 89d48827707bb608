"""Why a task waits, from what the cell says."""

from datetime import timedelta
from typing import Any

from unit.gateway.made import NOW_MS, spec, state, task_id

from xqueue_common.explain import Explained, ScopeView
from xqueue_common.moments import moment
from xqueue_gateway.tasks.reasons import Reason, estimate, named, reason_to_rest, reasons_to_wait, waits_for


def scopes(**changed: Any) -> list[ScopeView]:
    known = {"q/images": "queue", "t/noop": "type", "n/acme": "tenant", "k/acme/a/b": "key"}
    plain = (None, 0, False, None, [])
    return [ScopeView(scope, *changed.get(kind, plain)) for scope, kind in known.items()]


def why(**fields: Any) -> Explained:
    known: dict[str, Any] = {
        "level": "images/noop//0",
        "scopes": scopes(),
        "serving": 1,
        "fitting": 1,
        "free": 1,
        "before": 0,
        "above": 0,
        "keys": 1,
        "tenants": 1,
    }
    return Explained(**{**known, **fields})


def reasons(explained: Explained, **holders: list[str]) -> list[Reason]:
    by_scope = {"k/acme/a/b": holders.get("key", [])}
    return reasons_to_wait(spec(queue="images", tenant="acme"), explained, by_scope)


def guess(explained: Explained, *, waiting: int = 1_000, per_second: float = 2.0) -> tuple[Any, Any]:
    found = estimate(explained, reasons(explained), waiting=waiting, per_second=per_second, now_ms=NOW_MS)
    return found.position, found.start


def after(seconds: float) -> Any:
    at = moment(NOW_MS)
    assert at
    return at + timedelta(seconds=seconds)


def test_a_limit_names_its_scope_and_those_who_hold_it() -> None:
    [reason] = reasons(why(scopes=scopes(key=(2, 2, False, None, ["x"]))), key=[task_id()])

    assert (reason.kind, reason.scope, reason.limit, reason.in_use) == ("limit", "key a/b", 2, 2)
    assert reason.holders == [task_id()]


def test_all_that_stands_against_it_is_told() -> None:
    found = reasons(
        why(
            scopes=scopes(
                queue=(5, 7, True, None, []), tenant=(None, 3, False, NOW_MS, []), type=(9, 8, False, None, [])
            ),
            free=0,
        )
    )

    assert [(reason.kind, reason.scope) for reason in found] == [
        ("paused", "queue images"),
        ("limit", "queue images"),
        ("rate", "tenant acme"),
        ("busy", "queue images"),
    ]
    assert found[2].until == moment(NOW_MS)


def test_workers_that_are_not_there_are_waited_for_and_those_that_are_full_are_not() -> None:
    nobody, too_small, busy = (
        reasons(why(serving=0, fitting=0, free=0)),
        reasons(why(fitting=0, free=0)),
        reasons(why(free=0)),
    )

    assert [found[0].kind for found in (nobody, too_small, busy)] == ["no_worker", "too_large", "busy"]
    assert [waits_for(found) for found in (nobody, too_small, busy, [])] == ["worker", "worker", "slot", "slot"]


def test_the_position_counts_rounds_of_all_keys_and_tenants() -> None:
    assert guess(why())[0] == 0
    assert guess(why(before=3, above=5))[0] == 8
    assert guess(why(before=3, above=5, keys=2, tenants=4))[0] == 29
    assert guess(why(before=3, above=5, keys=2, tenants=4), waiting=12)[0] == 11
    assert guess(why(before=3, keys=0, tenants=0))[0] == 3


def test_the_start_follows_from_how_fast_the_queue_drains_and_is_not_before_the_rate_allows() -> None:
    assert guess(why(before=3))[1] == after(2)
    assert guess(why(scopes=scopes(key=(None, 0, False, NOW_MS + 60_000, []))))[1] == after(60)
    assert guess(why(before=3), per_second=0) == (3, None)


def test_nothing_is_estimated_for_what_does_not_end_by_itself() -> None:
    for blocked in (why(scopes=scopes(tenant=(None, 0, True, None, []))), why(serving=0, fitting=0, free=0)):
        assert guess(blocked) == (None, None)


def test_a_scheduled_task_waits_for_its_time_or_for_others() -> None:
    timed = reason_to_rest(state("scheduled", scheduled_ms=NOW_MS))
    tied = reason_to_rest(state("scheduled", waits_for=f"{task_id(1)}\n{task_id(2)}"))

    assert (timed.kind, timed.until, timed.holders) == ("time", moment(NOW_MS), [])
    assert (tied.kind, tied.until, tied.holders) == ("tasks", None, [task_id(1), task_id(2)])


def test_scopes_are_named_as_people_would() -> None:
    assert [named(scope) for scope in ("q/a", "t/b", "n/c", "k/c/d/e")] == [
        "queue a",
        "type b",
        "tenant c",
        "key d/e",
    ]


def test_a_model_that_is_loaded_nowhere_says_until_when_others_come_first_and_may_come_earlier() -> None:
    explained = why(due_ms=NOW_MS + 60_000)

    [reason] = reasons(explained)
    assert (reason.kind, reason.until) == ("model", after(60))
    assert guess(explained) == (0, after(0.5))
