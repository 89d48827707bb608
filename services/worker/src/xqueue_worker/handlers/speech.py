"""What is said in audio, heard by the servers of the pool ``speech``."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import aiohttp
import msgspec
from msgspec import Meta, Struct

from xqueue_common.artifacts import Artifact
from xqueue_worker.artifacts.reading import Reading
from xqueue_worker.backends import Answer, BackendRefused, backend
from xqueue_worker.context import Context
from xqueue_worker.errors import Fail
from xqueue_worker.handler import task

POOL = "speech"
PATH = "/transcribe"


class Recording(Struct):
    """The id of an artifact with audio, and the language in it (``en``) if it is known."""

    audio: Annotated[str, Meta(min_length=1, max_length=128)]
    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")] | None = None


@task("speech.transcribe")
async def transcribe(ctx: Context, payload: Recording) -> Artifact | None:
    """Return what the server heard, its JSON, as an artifact: ``text``, and as a rule ``segments``.

    Raises:
        BackendUnavailable: no server can listen now.
        BackendRefused: they cannot hear anything in this, or answer something that is no text.
        Fail: there is no such audio.
    """
    speech = backend(POOL, ctx)
    fields = {**speech.settings.fields, **({"language": payload.language} if payload.language else {})}
    async with _opened(ctx, payload.audio) as recording:
        kept = recording.artifact
    answer = await speech.post(
        speech.settings.path or PATH,
        data=lambda: _form(fields, kept, _chunks(ctx, payload.audio)),
        idempotent=True,
    )
    async with ctx.artifact(content_type="application/json", name="transcript.json") as file:
        await file.write(_transcript(answer))
    return file.artifact


def _form(fields: Mapping[str, str], kept: Artifact | None, chunks: AsyncIterator[bytes]) -> aiohttp.FormData:
    """Return a form as servers of this kind take it: the audio is ``file``."""
    form = aiohttp.FormData()
    for field, value in fields.items():
        form.add_field(field, value)
    # Servers tell formats apart by the name as well.
    name, content_type = (kept.name, kept.content_type) if kept else (None, None)
    form.add_field("file", chunks, filename=name or "audio", content_type=content_type)
    return form


async def _chunks(ctx: Context, artifact_id: str) -> AsyncIterator[bytes]:
    async with _opened(ctx, artifact_id) as recording:
        async for chunk in recording:
            yield chunk


@asynccontextmanager
async def _opened(ctx: Context, artifact_id: str) -> AsyncIterator[Reading]:
    try:
        async with ctx.artifact(artifact_id) as recording:
            yield recording
    except FileNotFoundError as error:
        msg = f"audio: {error}"
        raise Fail(msg) from error


def _transcript(answer: Answer) -> bytes:
    """Return the answer's JSON if there is a text in it."""
    try:
        told = answer.json(dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = {}
    if not isinstance(told.get("text"), str):
        msg = f"{answer.server} answered no JSON with a text: {answer.words}"
        raise BackendRefused(msg, status=answer.status)
    return answer.body
