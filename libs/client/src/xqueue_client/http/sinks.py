"""Where a download goes."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Protocol

import msgspec

from xqueue_client.artifact import result_file
from xqueue_client.errors import NotAGateway
from xqueue_client.http.call import Call, nothing

_PARTIAL = 206


class Sink(Protocol):
    """Takes a file, part by part."""

    def begin(self, headers: Mapping[str, str]) -> bool:
        """Say whether the bytes are wanted."""

    def write(self, chunk: bytes) -> object:
        """Take bytes."""


class Into:
    """Writes into an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def begin(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002  # all are wanted
        """Want the bytes."""
        return True

    def write(self, chunk: bytes) -> object:
        """Write."""
        return self._file.write(chunk)


class JsonOnly:
    """Keeps JSON in memory, and wants no other file."""

    def __init__(self) -> None:
        self.headers: Mapping[str, str] = {}
        self.data = bytearray()

    @property
    def is_json(self) -> bool:
        """Whether it was JSON."""
        return self.headers.get("content-type", "").partition(";")[0].strip() == "application/json"

    def begin(self, headers: Mapping[str, str]) -> bool:
        """Want it if it is JSON."""
        if not self.headers:
            self.headers = headers
        return self.is_json

    def value(self, url: str) -> Any:
        """Return what the JSON says, else what the file is.

        Raises:
            NotAGateway: it is no JSON after all.
        """
        if not self.is_json:
            return result_file(url, self.headers)
        try:
            return msgspec.json.decode(self.data)
        except msgspec.DecodeError as error:
            raise NotAGateway(url, f"the result is no JSON: {error}") from error

    def write(self, chunk: bytes) -> object:
        """Keep."""
        self.data += chunk
        return None


class Progressing:
    """Counts what has come, so that a download goes on where a lost connection left off."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.at = 0

    @property
    def headers(self) -> dict[str, str]:
        """Ask for the rest."""
        return {"Range": f"bytes={self.at}-"} if self.at else {}

    def begin(self, url: str, status: int, headers: Mapping[str, str]) -> bool:
        """Say whether the bytes are wanted.

        Raises:
            NotAGateway: it begins anew, where the rest was asked for.
        """
        if self.at and status != _PARTIAL:
            raise NotAGateway(url, "it does not go on where a download was interrupted")
        return self._sink.begin(headers)

    def write(self, chunk: bytes) -> None:
        """Take bytes."""
        self._sink.write(chunk)
        self.at += len(chunk)


def rest_of(path: str, came: Progressing) -> Call[None]:
    """Ask for what has not come yet of a file."""
    return Call(method="GET", path=path, read=nothing, more_headers=came.headers)
