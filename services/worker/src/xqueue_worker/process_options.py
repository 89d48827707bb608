"""What ``@task`` may be told of the processes and the memory of a handler; see there."""

from collections.abc import Callable
from typing import Any, NamedTuple

from xqueue_worker import setups

_MOST = 1_000_000
_ANYWHERE = ("gpu_memory_mb",)


class ProcessOptions(NamedTuple):
    """All that was told; None: nothing."""

    setup: Callable[..., Any] | None = None
    recycle_after: int | None = None
    memory_mb: int | None = None
    gpu_memory_mb: int | None = None

    def problem(self, where: str | None) -> str | None:
        """Return why they cannot be used with this isolation; None if they can."""
        given = [name for name, value in self._asdict().items() if value is not None and name not in _ANYWHERE]
        if given and where != "process":
            return f"{', '.join(given)}: only with isolation='process'"
        if self.setup is not None and (problem := setups.problem(self.setup)):
            return problem
        for name in ("recycle_after", "memory_mb", "gpu_memory_mb"):
            value = getattr(self, name)
            if value is not None and not (type(value) is int and 0 < value <= _MOST):
                return f"{name} is a whole number from 1 to {_MOST:,}, not {value!r}"
        return None
