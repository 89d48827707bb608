"""A tour of a running gateway: every call of its OpenAPI document by curl, and a table of the answers.

``just tour http://127.0.0.1:8080 [--key xq_…]``. It makes a queue of its own and removes it at the end. The exit
status is 1 if an answer is another than expected, or if the document has an operation that the tour does not know.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, NamedTuple
from uuid import uuid4

from stops import STOPS, Stop

_RECORDING = Path(__file__).parents[1] / "e2e" / "one_to_five.flac"
_MOST_S, _PATIENCE_S, _AGAIN_S = "90", 30, 0.3
_SHOWN = 70


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str


class Tour:
    """Goes from stop to stop, with what it has kept of earlier ones."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._kept = {"queue": f"tour-{uuid4().hex[:8]}", "recording": str(_RECORDING)}
        document = json.loads(self._curl("GET", "/openapi.json").text)
        self.operations: dict[str, tuple[str, str]] = {
            told["operationId"]: (method.upper(), path)
            for path, methods in document["paths"].items()
            for method, told in methods.items()
        }

    def visit(self, stop: Stop) -> str | None:
        """Make a call, print a line about it, and return what was wrong."""
        if stop.operation not in self.operations:
            return None
        method, path = self.operations[stop.operation]
        if stop.secured and not self._key:
            return _line(method, path, "-", "left out: needs --key")
        address = path.format_map({name: self._filled(value) for name, value in stop.path.items()})
        answer = self._asked(stop, method, address)
        _line(method, address, str(answer.status), answer.text)
        wrong = answer.status not in stop.status or self._missing(stop, answer)
        return (
            f"{stop.operation}: {method} {address} answered {answer.status}: {answer.text[:500]}" if wrong else None
        )

    def unknown(self) -> set[str]:
        """Return the operations that no stop is for."""
        return self.operations.keys() - {stop.operation for stop in STOPS}

    def _asked(self, stop: Stop, method: str, address: str) -> Answer:
        give_up_at = time.monotonic() + _PATIENCE_S
        query = f"?{self._filled(stop.query)}" if stop.query else ""
        while True:
            answer = self._curl(method, address + query, *self._arguments(stop))
            later = answer.status in stop.status and self._missing(stop, answer)
            if not later or time.monotonic() > give_up_at:
                return answer
            time.sleep(_AGAIN_S)

    def _arguments(self, stop: Stop) -> list[str]:
        body = [] if stop.body is None else ["-H", "Content-Type: application/json", "-d", json.dumps(stop.body)]
        return [self._filled(text) for text in (*body, *stop.curl)]

    def _missing(self, stop: Stop, answer: Answer) -> bool:
        """Keep what is to be kept of an answer; return whether some of it is not there."""
        told = json.loads(answer.text) if stop.keep and answer.status in stop.status else None
        found = {name: _found(told, where) for name, where in stop.keep.items()}
        self._kept |= {name: value for name, value in found.items() if value is not None}
        return None in found.values()

    def _filled(self, text: str) -> str:
        return Template(text).safe_substitute(self._kept)

    def _curl(self, method: str, path: str, *arguments: str) -> Answer:
        known = ["-H", f"Authorization: Bearer {self._key}"] if self._key else []
        how = ["--head"] if method == "HEAD" else ["-X", method]
        command = ["curl", "-sS", "--max-time", _MOST_S, "-w", "\n%{http_code}", *how, *known, *arguments]
        done = subprocess.run([*command, self._url + path], capture_output=True, check=False)
        text, _, status = done.stdout.decode(errors="replace").rpartition("\n")
        return Answer(int(status or 0), text or done.stderr.decode())


def _found(told: Any, where: str) -> str | None:
    for part in where.split("."):
        try:
            told = told[int(part) if part.isdigit() else part]
        except (LookupError, TypeError):
            return None
    return None if told is None else str(told)


def _line(method: str, path: str, status: str, text: str) -> None:
    words = " ".join(text.split())[:_SHOWN]
    sys.stdout.write(f"{method:6} {path:72} {status:>4}  {words}\n")
    sys.stdout.flush()


def main(arguments: Mapping[str, Any]) -> int:
    """Go on the tour, and return the exit status."""
    tour = Tour(arguments["url"], arguments["key"])
    wrong = [said for stop in STOPS if (said := tour.visit(stop))]
    wrong += [f"{name}: the tour does not know this operation" for name in sorted(tour.unknown())]
    sys.stdout.write("\n".join(["", *wrong, f"{len(tour.operations)} operations, {len(wrong)} faults", ""]))
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", help="of the gateway")
    parser.add_argument("--key", help="an operator's API key with the role admin, where keys are configured")
    sys.exit(main(vars(parser.parse_args())))
