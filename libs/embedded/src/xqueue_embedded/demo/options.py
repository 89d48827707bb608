"""What one may choose about the demo, and how its system is run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from xqueue_embedded.ports import is_free
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.services import PROGRAMS

USUAL_PORT = 8080
_GENTLE = (sys.executable, "-m", "xqueue_embedded.demo.gentle")
_MOST_SLOTS = 6
"""As many as all customers may run together."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What one may choose.

    Attributes:
        state_dir: all that it keeps, from one run to the next.
        port: of the API; None: the usual one, or a free one where that is taken.
        seconds: how long it goes on once it works; None: until it is stopped.
    """

    state_dir: Path
    port: int | None = None
    seconds: float | None = None


def system_options(chosen: DemoOptions) -> SystemOptions:
    """Return how to run the system: few slots, so that a queue forms, and a worker that leaves room for others."""
    usual = USUAL_PORT if is_free(USUAL_PORT) else 0
    slots = os.environ.get("XQ_WORKER_SLOTS") or str(slots_for(os.cpu_count() or 1))
    return SystemOptions(
        state_dir=chosen.state_dir,
        port=usual if chosen.port is None else chosen.port,
        programs={**PROGRAMS, "worker": (*_GENTLE, *PROGRAMS["worker"])},
        env={"XQ_WORKER_SLOTS": slots},
    )


def slots_for(cores: int) -> int:
    """Return the slots of the worker: its model reads one picture at a time, so more than a few would only hold."""
    return min(_MOST_SLOTS, cores + 2)
