"""The pinned files: what we download, where from, and what it must be."""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Artifact:
    """One file of a Maven repository."""

    path: str  # below the repository's root, and below our cache's
    sha256: str
    size: int


def kafka_jars() -> tuple[Artifact, ...]:
    """The jars of the Kafka that we ship, in the order of the class path."""
    manifest = files("xqueue_embedded.fetch").joinpath("kafka-jars.txt").read_text()
    rows = (line.split() for line in manifest.splitlines() if line and not line.startswith("#"))
    return tuple(Artifact(path=path, sha256=sha256, size=int(size)) for sha256, size, path in rows)
