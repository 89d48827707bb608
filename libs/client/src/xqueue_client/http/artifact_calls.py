"""The calls on artifacts."""

from collections.abc import AsyncIterable, Iterable

from xqueue_client.artifact import Artifact
from xqueue_client.http import paths
from xqueue_client.http.call import Call, nothing, reader

_ARTIFACTS = "/api/v1/artifacts"
_STORING_S = 60.0
"""How long the gateway may take for a large file after its last byte."""

_artifact = reader(Artifact)


def upload(body: Iterable[bytes] | AsyncIterable[bytes], content_type: str, name: str | None) -> Call[Artifact]:
    """Store a file; sent twice it is two, of which nobody knows the first."""
    return Call(
        method="POST",
        path=_ARTIFACTS,
        read=_artifact,
        query=[] if name is None else [("name", name)],
        body=body,
        content_type=content_type,
        takes_s=_STORING_S,
    )


def delete(artifact_id: str) -> Call[None]:
    """Delete a file."""
    return Call(method="DELETE", path=path_of(artifact_id), read=nothing)


def path_of(artifact_id: str) -> str:
    """Return where a file is.

    Raises:
        NotFound: no file has such an id.
    """
    return paths.path_of(_ARTIFACTS, "artifact", artifact_id)
