"""Which queue lives in which cell: ``XQ_CELLS="video-*=1,batch-*=2"``, everything else in cell 0."""

from fnmatch import fnmatchcase

from xqueue_common.errors import ConfigError
from xqueue_common.ids import MAX_CELLS


class CellMap:
    """Queue patterns to cells; the first pattern that matches wins."""

    def __init__(self, rules: tuple[tuple[str, int], ...] = ()) -> None:
        self.rules = rules
        self.count = 1 + max((cell for _, cell in rules), default=0)

    @classmethod
    def parse(cls, text: str) -> "CellMap":
        """Read the form ``pattern=cell,pattern=cell``.

        Raises:
            ConfigError: a rule is not of that form or names a cell out of range.
        """
        return cls(tuple(_rule(part.strip()) for part in text.split(",") if part.strip()))

    def cell_of(self, queue: str) -> int:
        """Return the cell in which this queue lives."""
        return next((cell for pattern, cell in self.rules if fnmatchcase(queue, pattern)), 0)


def _rule(text: str) -> tuple[str, int]:
    pattern, sep, cell = text.rpartition("=")
    if not sep or not pattern or not cell.isdecimal() or not int(cell) < MAX_CELLS:
        msg = f"XQ_CELLS: {text!r} is not pattern=cell with a cell from 0 to {MAX_CELLS - 1}, e.g. video-*=1"
        raise ConfigError(msg)
    return pattern, int(cell)
