"""Files in the hands of plain code: `client.artifacts`."""

from io import BytesIO
from typing import overload

from xqueue_client.artifact import Artifact, Source
from xqueue_client.http import artifact_calls as calls
from xqueue_client.http.bodies import Body
from xqueue_client.http.doors import Door
from xqueue_client.http.sinks import Into
from xqueue_client.http.targets import Target, opened
from xqueue_client.media import named, type_of


class Artifacts:
    """What can be done to files. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def upload(self, source: Source, *, content_type: str | None = None, name: str | None = None) -> Artifact:
        """Store a file; its id goes into payloads.

        Args:
            source: bytes, a path, or an open file that can be sought in.
            content_type: left out: guessed by the name.
            name: left out: that of the path.

        Raises:
            InvalidRequest: it is too large, or what is said of it is not valid.
            ValueError: the source could not be sent again.
        """
        name = name or named(source)
        return self._door.send(calls.upload(Body(source), content_type or type_of(name), name))

    @overload
    def download(self, artifact_id: str) -> bytes: ...
    @overload
    def download(self, artifact_id: str, to: Target) -> None: ...
    def download(self, artifact_id: str, to: Target | None = None) -> bytes | None:
        """Fetch a file: into memory, to a path, which is there only once it is whole, or into an open file."""
        if to is None:
            kept = BytesIO()
            self._fetch(artifact_id, kept)
            return kept.getvalue()
        self._fetch(artifact_id, to)
        return None

    def delete(self, artifact_id: str) -> None:
        """Delete a file."""
        self._door.send(calls.delete(artifact_id))

    def _fetch(self, artifact_id: str, to: Target) -> None:
        with opened(to) as file:
            self._door.fetch(calls.path_of(artifact_id), Into(file))
