"""`up` with stubs in the place of the services: the command line of a process that tests start and kill."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from xqueue_embedded import SystemOptions
from xqueue_embedded.console.display import display_for
from xqueue_embedded.console.up import run_up
from xqueue_embedded.supervise.services import Programs

STUB = Path(__file__).with_name("stub_service.py")


def stubs() -> Programs:
    """Run the stub as each service."""
    return {
        "gateway": (sys.executable, str(STUB), "gateway"),
        "scheduler": (sys.executable, str(STUB), "scheduler"),
        "worker": (sys.executable, str(STUB), "worker"),
        "notifier": (sys.executable, str(STUB), "notifier"),
    }


if __name__ == "__main__":
    options = SystemOptions(state_dir=Path(sys.argv[1]), port=int(sys.argv[2]), programs=stubs())
    sys.exit(asyncio.run(run_up(options, display_for(Console()))))
