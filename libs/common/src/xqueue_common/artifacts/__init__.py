"""Files that are too large for a record: uploads of clients, what handlers make, results beyond the inline limit.

README of the layout: ``layout.py``. Nothing here imports the library of the object stores before a store is used:
a worker's child process should not pay for what most handlers never touch.
"""

from xqueue_common.artifacts.artifact import Artifact
from xqueue_common.artifacts.store import ArtifactStore

__all__ = ["Artifact", "ArtifactStore"]
