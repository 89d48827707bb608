"""From submissions to tasks as they would stand in the log: with ids, and the defaults of their queues."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xqueue_common.cells import CellMap
from xqueue_common.clock import Clock
from xqueue_common.events import Submit
from xqueue_common.ids import submitted_task_id
from xqueue_gateway.control.book import Book
from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.lineage import arrange, behind, field_of, references_of
from xqueue_gateway.submissions.spec import Origin, fingerprint, payload_of, spec_of
from xqueue_gateway.submissions.submission import HINTS, Submission

Draft = Submit | Problem


class Order(NamedTuple):
    """A submission, from whom it came, and under which idempotency key.

    ``seal`` is the same when the same is sent again; None: that of the submission.
    """

    submission: Submission
    tenant: str
    key: str | None = None
    trace: str | None = None
    seal: str | None = None


@dataclass(frozen=True, kw_only=True)
class Drafter:
    """The drafter is responsible for what a submission leaves open: its id, its defaults, whom it depends on."""

    cells: CellMap
    books: Mapping[int, Book]
    clock: Clock

    def draft(self, orders: Sequence[Order | Problem]) -> dict[int, Draft]:
        """Return what becomes of each order, by its index, those before that others depend on."""
        lineage = arrange([order if isinstance(order, Problem) else order.submission for order in orders])
        refused = {index: item for index, item in enumerate(lineage.items) if isinstance(item, Problem)}
        drafts: dict[int, Draft] = {**refused}
        now_ms = self.clock.now_ms()
        for index in lineage.order:
            order = orders[index]
            if index not in drafts and isinstance(order, Order):
                drafts[index] = self._draft(order, drafts, now_ms)
        return drafts

    def _draft(self, order: Order, drafts: Mapping[int, Draft], now_ms: int) -> Draft:
        submission = order.submission
        if problem := _refused_parent(submission, drafts):
            return problem
        cell = self.cells.cell_of(submission.queue)
        parents = tuple(_ids(submission, drafts)) if submission.depends_on else ()
        if len(set(parents)) < len(parents):
            return invalid(FieldError("depends_on", "one task is named twice", HINTS["depends_on"]))
        task_id = submitted_task_id(cell, order.tenant, submission.queue, order.key, now_ms)
        seal = None if order.key is None else order.seal or fingerprint(submission)
        origin = Origin(task_id, order.tenant, now_ms, seal, order.trace, parents)
        return Submit(
            spec_of(submission, origin, self.books[cell].defaults(submission.queue)), payload_of(submission)
        )


def _refused_parent(submission: Submission, drafts: Mapping[int, Draft]) -> Problem | None:
    for place, reference in enumerate(references_of(submission)):
        if isinstance(reference, int) and isinstance(parent := drafts[reference], Problem):
            return behind(field_of(place), parent)
    return None


def _ids(submission: Submission, drafts: Mapping[int, Draft]) -> Iterator[str]:
    for reference in references_of(submission):
        if isinstance(reference, str):
            yield reference
        elif isinstance(parent := drafts[reference], Submit):
            yield parent.spec.task_id
