"""Forms with audio to transcribe: the audio is stored as it comes."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, NamedTuple

from litestar import Request
from multipart import MultipartSegment

from xqueue_common.artifacts import Artifact
from xqueue_common.artifacts.artifact import DEFAULT_TYPE, fault_of_name, fault_of_type
from xqueue_common.errors import ArtifactTooLarge
from xqueue_gateway.artifacts.incoming import Incoming
from xqueue_gateway.artifacts.multipart import Event, bytes_of, parts_of, text_of
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid
from xqueue_gateway.submissions.model_calls import HINTS, SpeechOrder, read_speech

_FILE = "audio"
_HINT = HINTS[_FILE]
_HEARD = ("audio/", "video/", DEFAULT_TYPE, "application/ogg")


class Spoken(NamedTuple):
    """A form that was read: what it asks for, where its audio is, and the hash of that."""

    order: SpeechOrder
    audio: Artifact
    sha256: str


class SpeechIntake:
    """The intake is responsible for audio: of a form that is refused nothing is kept."""

    def __init__(self, incoming: Incoming, *, max_bytes: int) -> None:
        self._incoming = incoming
        self._max_bytes = max_bytes

    async def take(self, request: Request[Any, Any, Any], tenant: str) -> Spoken:
        """Read a form, and store its audio.

        Raises:
            Problem: 400, 413, 415, 422 or 503.
            Unavailable: the store is away or full.
        """
        form = _Form()
        try:
            async with aclosing(parts_of(request, _HINT)) as events:
                async for event in events:
                    if isinstance(event, MultipartSegment):
                        await self._read(event, events, form, tenant)
            return form.whole()
        except Exception:
            await self.forget(form.audio)
            raise

    async def forget(self, audio: Artifact | None) -> None:
        """Delete audio that no task will ask for."""
        if audio is not None:
            await self._incoming.forget(audio)

    async def _read(self, part: MultipartSegment, events: AsyncIterator[Event], form: "_Form", tenant: str) -> None:
        name = str(part.name)
        if name in form.fields or (name == _FILE and form.audio is not None):
            hint = "give it once"
            raise invalid(FieldError(name[:64], "is given twice", hint))
        if name != _FILE:
            form.fields[name] = await text_of(name[:64], events)
            return
        content_type = _content_type(part)
        try:
            form.audio = await self._incoming.keep(
                form.hashed(bytes_of(events)), tenant, content_type, _filename(part), self._max_bytes
            )
        except ArtifactTooLarge as error:
            message = f"has more than {error.limit} bytes"
            hint = "send a shorter recording, or raise XQ_MAX_AUDIO_BYTES"
            raise Problem(Kind.TOO_LARGE, f"{_FILE} {message}", [FieldError(_FILE, message, hint)]) from error
        if not form.audio.size:
            raise invalid(FieldError(_FILE, "is empty", _HINT))


class _Form:
    """What was read of a form so far."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.audio: Artifact | None = None
        self.hash = hashlib.sha256()

    def whole(self) -> Spoken:
        order = read_speech(self.fields)
        if self.audio is None:
            raise invalid(FieldError(_FILE, "required", _HINT))
        return Spoken(order, self.audio, self.hash.hexdigest())

    async def hashed(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            self.hash.update(chunk)
            yield chunk


def _content_type(part: MultipartSegment) -> str:
    if part.filename is None:
        raise invalid(FieldError(_FILE, "is a text, not a file", _HINT))
    content_type = (part.content_type or DEFAULT_TYPE).lower()
    if fault_of_type(content_type) or not content_type.startswith(_HEARD):
        message = f"is {content_type[:64]!a}, not audio"
        raise Problem(Kind.MEDIA, f"{_FILE} {message}", [FieldError(_FILE, message, _HINT)])
    return content_type


def _filename(part: MultipartSegment) -> str | None:
    """Return the name of its file, without the folders that some clients send; None if it is no name."""
    name = str(part.filename).replace("\\", "/").rpartition("/")[2]
    return None if fault_of_name(name) else name
