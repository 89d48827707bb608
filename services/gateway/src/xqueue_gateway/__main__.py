"""Start the gateway: ``python -m xqueue_gateway``."""

import sys

from xqueue_common.service import run
from xqueue_gateway.app import main
from xqueue_gateway.settings import Settings

if __name__ == "__main__":
    sys.exit(run("gateway", Settings, main))
