"""The class archive: what one Java has loaded and verified, and the next one maps (2.4 s of start become 1.3)."""

import hashlib
import os

from xqueue_embedded.cache import cache_dir
from xqueue_embedded.fetch.java import Java

_ENDED_WELL = (0, 143)  # 143: Java's way to say that it obeyed a SIGTERM


class ClassArchive:
    """One file of the cache for each pair of a Java and a class path.

    The first broker writes it while it ends, which takes some 4 s; a Java that finds it unfit goes on without.
    """

    def __init__(self, *, java: Java, class_path: str) -> None:
        key = hashlib.sha256(f"{java.program}\n{java.version}\n{class_path}".encode()).hexdigest()[:16]
        self._file = cache_dir() / "class-archives" / f"kafka-{key}.jsa"
        self._begun = self._file.with_suffix(f".{os.getpid()}-{id(self):x}.part")

    def broker_options(self) -> tuple[str, ...]:
        """What a broker is started with: use the archive, or write it."""
        if self._file.exists():
            return self.tool_options()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return (f"-XX:ArchiveClassesAtExit={self._begun}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")

    def tool_options(self) -> tuple[str, ...]:
        """What a program is started with that may use the archive and does not write it."""
        return (f"-XX:SharedArchiveFile={self._file}", "-Xlog:cds=off") if self._file.exists() else ()

    def keep(self, broker_status: int | None) -> None:
        """Give the archive its name, if the broker that wrote it came to its end: called when it has ended."""
        if self._begun.exists():
            if broker_status in _ENDED_WELL:
                self._begun.replace(self._file)
            else:
                self._begun.unlink()
