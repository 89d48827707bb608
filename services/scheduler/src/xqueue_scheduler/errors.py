"""The scheduler's own errors.

::

    TakeAgain          the owner of a cell must stop at once and take it anew; carries the reason
    └── CellLost       another scheduler has taken the cell after this one
"""

from xqueue_common.errors import XQueueError


class TakeAgain(XQueueError):
    """What this owner knows of the cell is no longer true: stop, and take the cell again (rules R3, R5)."""


class CellLost(TakeAgain):
    """A takeover record stands above ours."""
