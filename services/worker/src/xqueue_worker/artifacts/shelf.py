"""The artifacts of one attempt: what it may read, and what it writes."""

import os
from functools import lru_cache
from typing import NamedTuple

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.artifacts.draft import Draft
from xqueue_common.settings import load
from xqueue_worker.settings import WorkerSettings


class Keeping(NamedTuple):
    """Where artifacts are kept, and how large a result may be that is none.

    Attributes:
        store: the store.
        inline_bytes: largest result, as JSON, that stands in the task itself.
    """

    store: ArtifactStore
    inline_bytes: int


@lru_cache(maxsize=1)
def of_environment() -> Keeping:
    """Return what the environment says: the same in a worker and in its child processes."""
    settings = load(WorkerSettings, os.environ)
    return Keeping(ArtifactStore.of(settings), settings.result_inline_bytes)


class Shelf(NamedTuple):
    """The store as one attempt sees it.

    Attributes:
        store: the store.
        tenant: whose artifacts it sees, and writes.
        task_id: the task.
        attempt: number of the attempt.
    """

    store: ArtifactStore
    tenant: str
    task_id: str
    attempt: int

    def draft(self, content_type: str, name: str | None) -> Draft:
        """Return what it is about to write.

        Raises:
            ValueError: the content type or the name is none.
        """
        return self.store.draft(
            tenant=self.tenant,
            content_type=content_type,
            name=name,
            task_id=self.task_id,
            attempt=self.attempt,
        )

    def mine(self, artifact: Artifact | None, what: str) -> Artifact:
        """Return an artifact of this tenant.

        Raises:
            FileNotFoundError: there is none, or it is somebody else's.
        """
        if artifact is None or artifact.tenant != self.tenant:
            msg = f"there is no {what}"
            raise FileNotFoundError(msg)
        return artifact


class Wanted(NamedTuple):
    """Which artifact to read: one by its id, or the last one that the task has completed under a name."""

    artifact_id: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        return f"artifact {self.artifact_id}" if self.artifact_id is not None else f"artifact kept as {self.name!r}"

    async def on(self, shelf: Shelf) -> Artifact:
        """Return it.

        Raises:
            FileNotFoundError: there is none for this tenant.
            Unavailable: the store is away or not configured.
        """
        if self.artifact_id is not None:
            return shelf.mine(await shelf.store.find(self.artifact_id), str(self))
        return shelf.mine(await shelf.store.last_kept(shelf.task_id, self.name or ""), str(self))

    def on_here(self, shelf: Shelf) -> Artifact:
        """Do as ``on``, in this thread."""
        if self.artifact_id is not None:
            return shelf.mine(shelf.store.find_here(self.artifact_id), str(self))
        return shelf.mine(shelf.store.last_kept_here(shelf.task_id, self.name or ""), str(self))
