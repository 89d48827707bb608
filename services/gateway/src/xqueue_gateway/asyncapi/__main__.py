"""Write ``asyncapi.yaml`` and the schemas of the records: ``python -m xqueue_gateway.asyncapi contracts``."""

import sys
from pathlib import Path

from xqueue_gateway.asyncapi.document import asyncapi_text
from xqueue_gateway.asyncapi.records import record_schemas

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "asyncapi.yaml").write_bytes(asyncapi_text())
    (folder / "schemas").mkdir(exist_ok=True)
    for name, text in record_schemas().items():
        (folder / "schemas" / name).write_bytes(text)
