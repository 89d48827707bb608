"""One download: resumed where an earlier one stopped, verified, and only then given its name."""

import hashlib
import http.client
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xqueue_embedded.errors import CorruptDownload, DownloadFailed
from xqueue_embedded.fetch.artifact import Artifact

_CHUNK = 256 * 1024
_SILENCE_S = 15
_TRIES = 4


@dataclass(frozen=True, kw_only=True)
class Download:
    """Fetches one file, in a thread; a file that exists under its name is whole and right."""

    artifact: Artifact
    url: str
    target: Path
    arrived: Callable[[int], None]  # called with the number of bytes that came, at once what was there already
    stop: threading.Event  # set: give up soon, keep what came

    def run(self) -> None:
        """Fetch, trying again after errors of the network.

        Raises:
            DownloadFailed: All tries failed, or it is not the file that we pinned.
        """
        self._part.parent.mkdir(parents=True, exist_ok=True)
        resumed = self._came()
        self.arrived(resumed)
        try:
            self._receive_all()
        except CorruptDownload:
            if not resumed:
                raise
            self._receive_all()  # what an earlier run left may be what was wrong: once more, from its first byte

    @property
    def _part(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part")

    def _came(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _receive_all(self) -> None:
        for pause_s in (0.5 * 2**n for n in range(_TRIES)):
            try:
                self._receive()
                return self._accept()
            except (OSError, http.client.HTTPException) as error:
                reason = _in_words(error)
                if _is_final(error):
                    break
            if self.stop.wait(pause_s):
                break
        raise DownloadFailed(self.url, reason)

    def _receive(self) -> None:
        """Bring the part to its full size."""
        offset = self._came()
        if offset >= self.artifact.size:  # killed after the last byte, before the check
            return
        wanted = {"Range": f"bytes={offset}-"} if offset else {}
        request = urllib.request.Request(self.url, headers=wanted)  # noqa: S310  # Maven Central, or what the operator set
        with urllib.request.urlopen(request, timeout=_SILENCE_S) as response:  # noqa: S310  # likewise
            resumed = response.status == http.client.PARTIAL_CONTENT
            with self._part.open("ab" if resumed else "wb") as part:
                self._copy(response, part.write)
                part.flush()
                os.fsync(part.fileno())
        if self._came() < self.artifact.size:
            message = "the connection ended early"
            raise OSError(message)

    def _copy(self, response: http.client.HTTPResponse, write: Callable[[bytes], int]) -> None:
        room = self.artifact.size + 1  # one byte too many is enough to see that the file is wrong
        while room > 0 and (chunk := response.read(min(_CHUNK, room))):
            if self.stop.is_set():
                raise DownloadFailed(self.url, "stopped")
            write(chunk)
            room -= len(chunk)
            self.arrived(len(chunk))

    def _accept(self) -> None:
        with self._part.open("rb") as part:
            actual = hashlib.file_digest(part, "sha256").hexdigest()
        if actual != self.artifact.sha256:
            self._part.unlink()
            raise CorruptDownload(self.url, expected=self.artifact.sha256, actual=actual)
        self._part.replace(self.target)


def _is_final(error: Exception) -> bool:
    """Tell whether the server has said no (4xx), which it will say again."""
    return isinstance(error, urllib.error.HTTPError) and error.code // 100 == 4  # noqa: PLR2004  # the class of the answer


def _in_words(error: Exception) -> str:
    return str(error) or type(error).__name__
