"""What one round of a sink did, in named counts."""

from typing import NamedTuple

import structlog

from xqueue_notifier.metrics import RECORDS

log = structlog.get_logger(__name__)


class Round(NamedTuple):
    """Counts of one round.

    Attributes:
        told: records written or published.
        skipped: records that count but need not be told: repeats, versions told already or overtaken.
        ignored: records that do not count for this sink.
        buried: records that could not be read, or not be told by any means.
    """

    told: int
    skipped: int
    ignored: int
    buried: int

    @property
    def read(self) -> int:
        """How many records the round was made of."""
        return sum(self)


def count(sink: str, done: Round) -> Round:
    """Add a round to the metrics and, if there was anything to read, to the log."""
    if done.read:
        log.debug("round", sink=sink, **done._asdict())
    for outcome, number in done._asdict().items():
        if number:
            RECORDS.labels(sink=sink, outcome=outcome).inc(number)
    return done
