"""Which submission of a batch depends on which: what is wrong with that, and an order with parents first."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from xqueue_common.ids import is_task_id
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.submission import HINTS, Submission

_FIELD = "depends_on"

Item = Submission | Problem
Graph = Mapping[int, Collection[int]]


class Lineage(NamedTuple):
    """A batch in an order in which parents come first: indexes of all items, and what was wrong with some."""

    order: list[int]
    items: list[Item]


def field_of(place: int) -> str:
    """Return the name of one that a task depends on, by its place in the list."""
    return f"{_FIELD}[{place}]"


def reference_errors(references: Sequence[str | int]) -> Iterator[FieldError]:
    """Return what can be said to be wrong with references by looking at them alone."""
    for place, reference in enumerate(references):
        if reference in references[:place]:
            yield FieldError(field_of(place), "given twice", HINTS[_FIELD])
        elif isinstance(reference, str) and not is_task_id(reference):
            yield FieldError(field_of(place), "not the id of a task", HINTS[_FIELD])


def references_of(item: Item) -> Sequence[str | int]:
    """Return what a submission depends on: ids of tasks, and in a batch indexes of other items."""
    return () if isinstance(item, Problem) else item.depends_on or ()


def arrange(items: Sequence[Item]) -> Lineage:
    """Return a batch so that parents come first; items that wait for themselves are refused."""
    if not any(map(references_of, items)):
        return Lineage(list(range(len(items))), list(items))
    checked = [_within(item, index, len(items)) for index, item in enumerate(items)]
    graph = {index: _indexes(item) for index, item in enumerate(checked)}
    if not any(graph.values()):
        return Lineage(list(graph), checked)
    circle = graph.keys() - set(_peeled(graph)) - set(_peeled(_reversed(graph)))
    for index in circle:
        checked[index] = _refused(items[index], circle, "waits for this one in its turn: a circle")
    return Lineage(_peeled({index: () if index in circle else graph[index] for index in graph}), checked)


def behind(field: str, parent: Problem) -> Problem:
    """Return the problem of a task that depends on one that was refused; it may go better when that may."""
    error = FieldError(field, f"that task was refused: {parent.detail}", "submit both again once that is put right")
    if parent.retry_after_s is None:
        return invalid(error)
    return Problem(parent.kind, f"{field}: {error.message}", [error], retry_after_s=parent.retry_after_s)


def _within(item: Item, index: int, count: int) -> Item:
    wrong = [i for i in _indexes(item) if not 0 <= i < count or i == index]
    return _refused(item, wrong, f"not the index of another item: 0 to {count - 1}") if wrong else item


def _refused(item: Item, wrong: Collection[str | int], message: str) -> Item:
    if isinstance(item, Problem):
        return item
    places = (place for place, reference in enumerate(references_of(item)) if reference in wrong)
    return invalid(*(FieldError(field_of(place), message, HINTS[_FIELD]) for place in places))


def _indexes(item: Item) -> list[int]:
    return [reference for reference in references_of(item) if isinstance(reference, int)]


def _reversed(graph: Graph) -> Graph:
    turned: dict[int, list[int]] = {index: [] for index in graph}
    for index, parents in graph.items():
        for parent in parents:
            turned[parent].append(index)
    return turned


def _peeled(graph: Graph) -> list[int]:
    """Return all that come before or behind no circle, in order; by index among those that are free to go first."""
    sorter, order = TopologicalSorter(graph), list[int]()
    with suppress(CycleError):  # it goes on as far as there is none
        sorter.prepare()
    while ready := sorted(sorter.get_ready()):
        order += ready
        sorter.done(*ready)
    return order
