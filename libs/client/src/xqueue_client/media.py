"""What a file is called, and what that says of its type."""

import mimetypes
import os

from xqueue_client.artifact import Source

_BYTES = "application/octet-stream"


def named(source: Source) -> str | None:
    """Return the name of a source, if it has one."""
    return os.path.basename(os.fspath(source)) or None if isinstance(source, os.PathLike) else None  # noqa: PTH119  # any path-like


def type_of(name: str | None) -> str:
    """Return the media type that a name stands for."""
    return (mimetypes.guess_type(name)[0] if name else None) or _BYTES
