"""A gateway over real HTTP that answers what it is told to, for whoever cannot be given a transport."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec

Run = Callable[..., tuple[int, str, str]]
"""Runs the command; gives its exit status, and what it printed to whom."""


class Asked(NamedTuple):
    """A request that came."""

    line: str
    headers: dict[str, str]
    body: Any


class PlayedGateway:
    """Answers each request by its line, `POST /keys`, with a status and JSON; remembers what came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.answers: dict[str, tuple[int, Any]] = {}

    @property
    def bearer(self) -> str | None:
        """Who asked last."""
        return self.asked[-1].headers.get("authorization")

    @property
    def lines(self) -> list[str]:
        """What was asked for."""
        return [asked.line for asked in self.asked]

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Return the answer to a request."""
        self.asked.append(asked)
        missing = {"status": 404, "title": "Not found", "detail": f"nothing is known of {asked.line}"}
        return self.answers.get(asked.line.partition("?")[0], (404, missing))


@contextmanager
def played_gateway() -> Iterator[PlayedGateway]:
    """Answer while the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.gateway = PlayedGateway(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.gateway  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = f"{self.command} {self.path.removeprefix('/api/v1')}"
        headers = {name.lower(): text for name, text in self.headers.items()}
        asked = Asked(line, headers, msgspec.json.decode(body) if body else None)
        status, answer = self.server.gateway.answer(asked)  # type: ignore[attr-defined]
        content = b"" if answer is None else msgspec.json.encode(answer)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _reply  # noqa: N815  # names of the library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # likewise
        """Be quiet."""
