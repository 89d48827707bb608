"""What one may choose about a system."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.supervise.services import PROGRAMS, Programs


@dataclass(frozen=True, kw_only=True)
class SystemOptions:
    """How a system is run on this machine."""

    state_dir: Path = Path(".xqueue")  # all that it keeps
    host: str = LOOPBACK  # where the gateway listens
    port: int = 8080  # its port; 0: a free one
    workers: int = 1  # at the start, and at least
    most_workers: int = 0  # the pool grows to so many; fewer than `workers`: it stays as it is; one cell only
    schedulers: int = 1  # those that no cell is left for stand by
    cells: int = 1  # over which workers are spread in turn; which queue is where, XQ_CELLS says in `env`
    handlers: tuple[str, ...] = ()  # modules that the workers load beside the ready ones
    backend: bool = False  # whether to run the example model server where no other is named
    log_level: str = "warning"
    env: Mapping[str, str] = field(default_factory=dict)  # for the services; stronger than what we tell them
    programs: Programs = field(default_factory=lambda: PROGRAMS)  # what to run as which service
