"""The artifacts of a test: a temporary folder in place of the installation's store."""

import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.artifacts.artifact import DEFAULT_TYPE
from xqueue_common.artifacts.store import DEFAULT_MAX_BYTES
from xqueue_worker.artifacts.shelf import Keeping
from xqueue_worker.testing.clock import HeldClock

_INLINE_BYTES = 256 * 1024


class HeldArtifacts:
    """A store that lasts as long as this object; hand it to several runs, and they share it.

    ::

        files = HeldArtifacts()
        picture = files.put(b"…", content_type="image/png")
        run = run_task(thumbnail, {"picture": picture.id}, artifacts=files)
        assert files.read(run.artifact.id).startswith(b"RIFF")
    """

    def __init__(
        self, *, inline_bytes: int = _INLINE_BYTES, max_bytes: int = DEFAULT_MAX_BYTES, tenant: str = "default"
    ) -> None:
        """Make it.

        Args:
            inline_bytes: as the setting XQ_RESULT_INLINE_BYTES of a worker.
            max_bytes: likewise XQ_ARTIFACT_MAX_BYTES.
            tenant: whose artifacts ``put`` makes.
        """
        self._inline_bytes = inline_bytes
        self._max_bytes = max_bytes
        self._tenant = tenant

    @cached_property
    def keeping(self) -> Keeping:
        """The store; its folder is made when it is first used."""
        folder = tempfile.mkdtemp(prefix="xqueue-artifacts-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        store = ArtifactStore(Path(folder).as_uri(), max_bytes=self._max_bytes, clock=HeldClock())
        return Keeping(store, self._inline_bytes)

    def put(self, data: bytes, *, content_type: str = DEFAULT_TYPE, name: str | None = None) -> Artifact:
        """Store an artifact as an upload of the tenant."""
        store = self.keeping.store
        with store.upload_here(store.draft(tenant=self._tenant, content_type=content_type, name=name)) as upload:
            upload.write(data)
        assert upload.artifact is not None  # noqa: S101  # its block was left without an exception
        return upload.artifact

    def find(self, artifact_id: str) -> Artifact | None:
        """Return an artifact."""
        return self.keeping.store.find_here(artifact_id)

    def read(self, artifact_id: str) -> bytes:
        """Return the bytes of an artifact.

        Raises:
            FileNotFoundError: there is none.
        """
        return bytes(self.keeping.store.reader_here(artifact_id).readall())
