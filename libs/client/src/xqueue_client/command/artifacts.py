"""`xqueue artifacts …`."""

import sys
from pathlib import Path

from cyclopts import App

from xqueue_client.command.exits import Exit, Misused
from xqueue_client.command.options import COMMON, Common

artifacts = App(name="artifacts", help="Upload and download files.")


@artifacts.command
def put(path: Path, /, *, content_type: str | None = None, name: str | None = None, common: Common = COMMON) -> int:
    """Upload a file; prints its id.

    Args:
        path: The file.
        content_type: Its media type; left out: guessed by its name.
        name: What to call it; left out: as it is called.
        common: What every command takes.

    Raises:
        Misused: there is no such file.
    """
    if not path.is_file():
        message = f"PATH: there is no file {path}"
        raise Misused(message)
    with common.connect() as client:
        artifact = client.artifacts.upload(path, content_type=content_type, name=name)
    if common.json:
        common.output.document(artifact)
    else:
        common.output.line(artifact.id)
    return Exit.OK


@artifacts.command
def get(artifact_id: str, /, *, out: Path | None = None, common: Common = COMMON) -> int:
    """Download a file.

    Args:
        artifact_id: Its id.
        out: Where to; left out: standard output.
        common: What every command takes.
    """
    with common.connect() as client:
        if out is None:
            client.artifacts.download(artifact_id, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            client.artifacts.download(artifact_id, out)
    return Exit.OK


@artifacts.command
def delete(artifact_id: str, /, *, common: Common = COMMON) -> int:
    """Delete a file.

    Args:
        artifact_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        client.artifacts.delete(artifact_id)
    return Exit.OK
