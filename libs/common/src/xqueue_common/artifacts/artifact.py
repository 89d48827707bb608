"""An artifact: its facts as clients see them, and as they stand beside its bytes."""

import re
import secrets
from datetime import datetime

from msgspec import Struct

from xqueue_common.codec import Reader

DEFAULT_TYPE = "application/octet-stream"

_CHANCE_BYTES = 18
_ID = re.compile(r"art_[A-Za-z0-9_-]{24}\Z")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}( ?;[\x20-\x7e]{1,200})?\Z")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}\Z")


class Artifact(Struct, frozen=True, kw_only=True):
    """A stored file, in the words of the API. Its bytes never change.

    Attributes:
        id: ``art_`` and 144 bits of chance: nobody guesses it.
        tenant: whose it is.
        content_type: media type, as it was said when it was written.
        size: in bytes.
        name: what it was called when it was written.
        created_at: when it was complete, UTC.
        expires_at: when it goes; None: with the task that has written it.
    """

    id: str
    tenant: str
    content_type: str
    size: int
    name: str | None = None
    created_at: datetime
    expires_at: datetime | None = None


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands beside the bytes of an artifact. ``task_id`` and ``attempt`` have written it, if a task has."""

    artifact: Artifact
    task_id: str | None = None
    attempt: int = 0


read_record = Reader[Record](Record)


def new_id() -> str:
    """Return the id of a new artifact."""
    return f"art_{secrets.token_urlsafe(_CHANCE_BYTES)}"


def is_artifact_id(text: str) -> bool:
    """Whether this may be the id of an artifact."""
    return _ID.match(text) is not None


def fault_of_type(content_type: str) -> str | None:
    """Return what is wrong with a content type: it becomes a header of a response."""
    if _TYPE.match(content_type):
        return None
    return "a content type looks like image/png, with parameters behind a semicolon"


def fault_of_name(name: str) -> str | None:
    """Return what is wrong with the name of a file."""
    return None if _NAME.match(name) else "a name has 1 to 255 characters, no control characters"
