"""What a download is written into."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

Target = os.PathLike[str] | BinaryIO
"""A path, or an open file."""


@contextmanager
def opened(target: Target) -> Iterator[BinaryIO]:
    """Give a file to write into; one at a path is there only once the block has been left without an exception."""
    if not isinstance(target, os.PathLike):
        yield target
        return
    part = Path(f"{os.fspath(target)}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
