"""The order of an attempt's last words and its end."""

from collections.abc import Callable
from functools import partial

from xqueue_common.events import Report
from xqueue_worker.attempt import Attempt
from xqueue_worker.telling import Teller


class LastWords:
    """Has what an attempt said told before its last report is sent; reports of others do not wait for it."""

    def __init__(self, teller: Teller, report: Callable[[Report, Attempt | None], None]) -> None:
        self._teller = teller
        self._report = report

    def report(self, report: Report, attempt: Attempt | None) -> None:
        """Send a report; ``attempt`` if it is its last one."""
        if attempt is None:
            self._report(report, None)
        else:
            self._teller.then(attempt, partial(self._report, report, attempt))
