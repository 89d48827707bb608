"""A Maven repository on this machine, which can be told to break off."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from xqueue_embedded.fetch.artifact import Artifact


@dataclass
class Repository:
    """What it serves, and what it was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path and wanted range of each request
    cut_after: int | None = None  # the next answer breaks off after so many bytes

    def publish(self, path: str, content: bytes) -> Artifact:
        """Serve a file, and pin it."""
        self.files[f"/{path}"] = content
        return Artifact(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


class _Handler(BaseHTTPRequestHandler):
    repository: ClassVar[Repository]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.repository.asked.append((self.path, wanted))
        content = self.repository.files.get(self.path)
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end, self.repository.cut_after = self.repository.cut_after, None
        self.wfile.write(content[start:end])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Repository]:
    """Serve as long as the block lasts."""
    repository = Repository()
    handler = type("Handler", (_Handler,), {"repository": repository})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        repository.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield repository
        server.shutdown()
        thread.join()
