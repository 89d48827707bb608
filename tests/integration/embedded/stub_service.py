"""A service that does nothing but be ready: what the supervisor is tested with."""

import json
import os
import signal
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Health(BaseHTTPRequestHandler):
    """Answers every question about its health with what it was told at its start."""

    def do_GET(self) -> None:  # the name is the standard library's
        told = {name: value for name, value in os.environ.items() if name.startswith("XQ_")}
        body = json.dumps({"argv": sys.argv[1:], "env": told}).encode()
        self.send_response(HTTPStatus.OK if self.path == "/health/ready" else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def retire(*_: object) -> None:
    """End when there is no work any more: as long as a file is there, there is."""
    while (Path(os.environ["XQ_STATE_DIR"]) / "work").exists():
        time.sleep(0.01)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGUSR1, retire)
    service = sys.argv[1]
    if os.environ.get("STUB_BROKEN") == service:
        sys.exit(f"{service} cannot start: told to break")
    prefix = "XQ" if service == "gateway" else "XQ_OPS"
    address = (os.environ[f"{prefix}_HOST"], int(os.environ[f"{prefix}_PORT"]))
    HTTPServer(address, Health).serve_forever()


if __name__ == "__main__":
    main()
