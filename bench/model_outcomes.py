"""What came of the tasks of `models.py`, by what their handlers noted."""

from collections.abc import Sequence
from typing import NamedTuple

from model_handlers import Note

GPUS = 2
HELD = 2
"""Models that fit into one of them."""


class Span(NamedTuple):
    """What a process did, from when to when, in s since 1970."""

    word: str
    start: float
    end: float


class Outcome(NamedTuple):
    """What came of it with one patience; times in s, shares in %."""

    patience_s: float
    loads: float
    cold_s: float
    passed_over_s: float
    over_memory: int
    idle: float
    loading: float
    took_s: float


def outcome(patience_s: float, ids: Sequence[str], notes: Sequence[Note]) -> Outcome:
    """Work it out from the notes; ``ids`` are the tasks in the order of their submission."""
    begun = {note.task_id: note.at for note in notes if note.word == "begun"}
    loads = [note for note in notes if note.word == "loading"]
    ended = max(note.at for note in notes)
    busy = {str(gpu): spans([note for note in notes if note.gpu == str(gpu)]) for gpu in range(GPUS)}
    first, last = min(note.at for note in notes), max(begun.values())  # from there to there work waited
    idle_s = sum(gap_s(of, first, last) for of in busy.values())
    loading_s = sum(end - start for of in busy.values() for word, start, end in of if word == "loading")
    busy_s = sum(end - start for of in busy.values() for _, start, end in of)
    return Outcome(
        patience_s,
        100 * len(loads) / len(ids),
        max(cold_s(note, ids, begun, notes) for note in loads),
        passed_over_s([begun[task_id] for task_id in ids]),
        sum(1 + len(note.beside) > HELD for note in loads),
        100 * idle_s / (GPUS * (last - first)),
        100 * loading_s / busy_s,
        ended - first,
    )


def cold_s(load: Note, ids: Sequence[str], begun: dict[str, float], notes: Sequence[Note]) -> float:
    """Return how long a model waited to be loaded for a task: from the first start of one that came after that.

    What started before the last task of the model did does not count: until then the model was served.
    """
    own = [note for note in notes if note.word == "begun" and note.model == load.model]
    first = min((note for note in own if note.pid == load.pid), key=lambda note: note.at, default=None)
    if first is None:
        return 0.0
    served = max((note.at for note in own if note.at < load.at), default=0.0)
    later = [begun[task_id] for task_id in ids[ids.index(first.task_id) + 1 :]]
    return load.at - min((at for at in later if served < at < load.at), default=load.at)


def passed_over_s(begun: Sequence[float]) -> float:
    """Return the longest time from the first start of a task that came later to a task's own start."""
    longest, earliest = 0.0, float("inf")
    for at in reversed(begun):
        longest, earliest = max(longest, at - earliest), min(earliest, at)
    return longest


def spans(notes: Sequence[Note]) -> list[Span]:
    """Return what the processes of a GPU did, from when to when, in the order of beginnings."""
    found: list[Span] = []
    begun: dict[int, Note] = {}
    for note in notes:
        before = begun.pop(note.pid, None)
        if before is not None:
            found.append(Span(before.word, before.at, note.at))
        if note.word in {"loading", "begun"}:
            begun[note.pid] = note
    return sorted(found, key=lambda span: span.start)


def gap_s(of: Sequence[Span], first: float, last: float) -> float:
    """Return for how long nothing was done within a time."""
    edges, done = [], first
    for _, start, end in of:
        edges.append((done, max(done, min(start, last))))
        done = max(done, min(end, last))
    return sum(end - start for start, end in [*edges, (done, last)])
