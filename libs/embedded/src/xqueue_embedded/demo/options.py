"""What one may choose about the demo, and how its system is run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from xqueue_embedded.demo.customers import CUSTOMERS
from xqueue_embedded.ports import is_free
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.services import PROGRAMS

USUAL_PORT = 8080
_GENTLE = (sys.executable, "-m", "xqueue_embedded.demo.gentle")
_SLOTS = sum(customer.limit for customer in CUSTOMERS)
"""As many as all customers may run together: so it is their limits that hold them back, as can be seen."""


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
    slots = os.environ.get("XQ_WORKER_SLOTS") or str(_SLOTS)
    return SystemOptions(
        state_dir=chosen.state_dir,
        port=usual if chosen.port is None else chosen.port,
        programs={**PROGRAMS, "worker": (*_GENTLE, *PROGRAMS["worker"])},
        env={"XQ_WORKER_SLOTS": slots},
    )
