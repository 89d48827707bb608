"""How an artifact is shown to whoever downloads it, browsers above all: pure."""

from urllib.parse import quote

from xqueue_common.artifacts import Artifact

_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain", "application/json")
_PLAYED = ("audio/", "video/")


def headers_of(artifact: Artifact) -> list[tuple[bytes, bytes]]:
    """Return the headers that go with its bytes.

    What a client has uploaded must not run as a page of this origin: types that cannot are shown, all others saved.
    """
    return [
        (b"content-type", artifact.content_type.encode("ascii")),
        (b"content-disposition", _disposition(artifact)),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"sandbox; default-src 'none'"),
        (b"etag", etag_of(artifact)),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private, max-age=300"),
    ]


def etag_of(artifact: Artifact) -> bytes:
    """Return its entity tag: an artifact never changes, so its id will do."""
    return f'"{artifact.id}"'.encode()


def knows(asked: str | None, artifact: Artifact) -> bool:
    """Whether an If-None-Match header says that the client has it already."""
    if asked is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or etag_of(artifact).decode() in tags


def _disposition(artifact: Artifact) -> bytes:
    media = artifact.content_type.partition(";")[0].strip().lower()
    how = "inline" if media in _SHOWN or media.startswith(_PLAYED) else "attachment"
    if artifact.name is None:
        return how.encode()
    # Paths are no names; the plain form is for old clients, the other says all characters (RFC 6266).
    name = artifact.name.replace("\\", "/").rpartition("/")[2] or "file"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
