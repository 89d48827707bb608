"""What is written beside a task about those that it depends on."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Raw
from unit.gateway.made import NOW_MS, HeldClock, spec, state, task_id

from xqueue_common.errors import Unavailable
from xqueue_common.events import Submit
from xqueue_common.ids import new_task_id
from xqueue_common.task import Parent, read_parent
from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.first_state import first_state
from xqueue_gateway.tasks.lookup import Lookup
from xqueue_gateway.tasks.parents import RESULTS_BYTES, Parents
from xqueue_gateway.tasks.view import Found

LONG_AGO = NOW_MS - 3_600_000


class Shelf(Lookup):
    """A look-up that knows what it is given."""

    def __init__(self, *known: Found, away: bool = False) -> None:
        self.known_ones = {found.spec.task_id: found for found in known}
        self.away = away

    async def existing(self, task_ids: Sequence[str]) -> dict[str, Found]:
        if self.away:
            part, reason = "history", "gone"
            raise Unavailable(part, reason)
        return {one: self.known_ones[one] for one in task_ids if one in self.known_ones}


def a_task(number: int, status: str = "success", result: bytes | None = None, **fields: Any) -> Found:
    at = {"finished_ms": LONG_AGO, **({"result": Raw(result)} if result else {})}
    return Found(spec(number, **fields), state(status, **(at if status not in ("pending", "processing") else {})))


def child(*parents: str, number: int = 9, **fields: Any) -> Submit:
    return Submit(spec(number, depends_on=list(parents), **fields), Raw(b"1"))


async def settled(draft: Submit, *known: Found) -> Submit | Problem:
    [became] = await Parents(lookup=Shelf(*known), clock=HeldClock()).settle([draft], {})
    return became


async def facts(draft: Submit, *known: Found) -> dict[str, Parent]:
    became = await settled(draft, *known)
    assert isinstance(became, Submit), became.detail
    return {one: read_parent(text.encode()) for one, text in (became.spec.parents or {}).items()}


async def test_what_ended_long_ago_is_told_with_its_result_and_what_is_open_is_not_told() -> None:
    told = await facts(child(task_id(1), task_id(2)), a_task(1, result=b"[1]"), a_task(2, "processing"))

    assert told == {task_id(1): Parent(a_task(1).state.status, Raw(b"[1]"))}


async def test_results_that_are_too_large_together_are_left_out() -> None:
    half = b"1" * (RESULTS_BYTES // 2)
    fits = await facts(child(task_id(1), task_id(2)), a_task(1, result=half), a_task(2, result=half))
    not_so = await facts(child(task_id(1), task_id(2)), a_task(1, result=half), a_task(2, result=half + b"1"))

    assert [fact.omitted for fact in fits.values()] == [False, False]
    assert [fact.omitted for fact in not_so.values()] == [True, True]


async def test_what_has_just_ended_is_still_in_redis_with_its_result() -> None:
    just = Found(spec(1), state("success", finished_ms=NOW_MS - 1, result=Raw(b"5")), in_redis=True)

    assert (await facts(child(task_id(1)), just))[task_id(1)].omitted
    assert not (await facts(child(task_id(1)), just._replace(in_redis=False)))[task_id(1)].omitted


async def test_unknown_tasks_and_those_of_others_are_refused_alike() -> None:
    became = await settled(child(task_id(1), task_id(2), task_id(3)), a_task(1), a_task(3, tenant="other"))

    assert isinstance(became, Problem)
    assert [error.field for error in became.errors] == ["depends_on[1]", "depends_on[2]"]
    assert len({error.message for error in became.errors}) == 1


async def test_a_task_of_another_cell_is_refused() -> None:
    became = await settled(child(new_task_id(1, NOW_MS)))

    assert isinstance(became, Problem)
    assert "another cell" in became.errors[0].message


async def test_those_of_the_same_request_need_not_be_known() -> None:
    parent = Submit(spec(1), Raw(b"1"))

    became = await Parents(lookup=Shelf(), clock=HeldClock()).settle([parent, child(task_id(1))], {})

    assert became == [parent, child(task_id(1))]


async def test_what_runs_again_is_taken_though_its_parents_are_forgotten() -> None:
    old = {task_id(1): '{"status":"success","result":1}'}

    told = await facts(child(task_id(1), task_id(2), retry_of=task_id(5), parents=old))

    assert told == {task_id(1): Parent(a_task(1).state.status, Raw(b"1"))}


async def test_while_the_history_is_away_only_those_that_need_it_are_put_off() -> None:
    free = Submit(spec(1), Raw(b"1"))

    first, second = await Parents(lookup=Shelf(away=True), clock=HeldClock()).settle([free, child(task_id(7))], {})

    assert first is free
    assert isinstance(second, Problem)
    assert second.kind.status == 503


@pytest.mark.parametrize(
    ("known", "on_failure", "status"),
    [
        (a_task(1, "pending"), None, "scheduled"),
        (a_task(1, "success"), None, "pending"),
        (a_task(1, "failed"), None, "canceled"),
        (a_task(1, "failed"), "run", "pending"),
    ],
)
async def test_the_first_state_is_what_the_scheduler_will_make_of_it(
    known: Found, on_failure: Any, status: str
) -> None:
    became = await settled(child(task_id(1), on_failure=on_failure), known)

    assert isinstance(became, Submit)
    first = first_state(became.spec)
    assert first.status == status
    assert (first.finished_ms is None) == (status != "canceled")
