"""Files as the API shows them, and where they come from and go to."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO

from msgspec import Struct

Source = bytes | os.PathLike[str] | BinaryIO
"""What is uploaded: bytes, a path, or an open file that can be sought in, from where it stands."""


class Artifact(Struct, frozen=True, kw_only=True):
    """A stored file.

    Attributes:
        id: its id, to be passed in payloads.
        tenant: whose it is.
        content_type: its media type.
        size: in bytes.
        name: what it was called.
        created_at: when it was complete.
        expires_at: when it goes; None: with the task that has written it.
    """

    id: str
    tenant: str
    content_type: str
    size: int
    name: str | None = None
    created_at: datetime
    expires_at: datetime | None = None


class ResultFile(Struct, frozen=True):
    """A result that is a file and no JSON: fetch it with `client.artifacts.download(result.id, …)`."""

    id: str
    content_type: str
    size: int


def result_file(url: str, headers: Mapping[str, str]) -> ResultFile:
    """Return what an answer's headers say of a file."""
    kind, size = headers.get("content-type", ""), headers.get("content-length", "0")
    return ResultFile(url.rpartition("/")[2], kind, int(size) if size.isdigit() else 0)
