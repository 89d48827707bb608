"""Start the scheduler: ``python -m xqueue_scheduler``."""

import sys

from xqueue_common.service import run
from xqueue_scheduler.app import main
from xqueue_scheduler.settings import Settings

if __name__ == "__main__":
    sys.exit(run("scheduler", Settings, main))
