"""Write ``contracts/openapi.json``: ``python -m xqueue_gateway.openapi contracts/openapi.json``."""

import sys
from pathlib import Path

from xqueue_gateway.openapi.document import document_text

if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(document_text())
