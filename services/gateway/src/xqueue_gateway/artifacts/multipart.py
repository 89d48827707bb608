"""Forms (multipart/form-data) with one file, read as they come: the file is handed on and never held whole."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any, TypeAlias

import multipart
from litestar import Request
from multipart import MultipartSegment, PushMultipartParser

from xqueue_gateway.artifacts.incoming import body_of
from xqueue_gateway.problems import FieldError, Kind, Problem, invalid, too_large

_MOST_PARTS = 32
_MOST_TEXT_BYTES = 64 * 1024
_LONGEST_BOUNDARY = 200
_FORM = "multipart/form-data"

Event: TypeAlias = MultipartSegment | bytes | bytearray | None
"""A part begins, some of its bytes, a part has ended."""


async def parts_of(request: Request[Any, Any, Any], hint: str) -> AsyncGenerator[Event, None]:
    """Yield what the parser finds in the body of a request.

    Raises:
        Problem: 415 it is no form; 400 it is a broken one; 422 it has too many parts.
    """
    parser = PushMultipartParser(_boundary(request, hint), max_segment_count=_MOST_PARTS, strict=True)
    try:
        async for chunk in body_of(request):
            for event in parser.parse(chunk):
                yield event
        parser.close()
    except multipart.ParserLimitReached as error:
        raise invalid(FieldError("body", str(error), f"send at most {_MOST_PARTS} fields: {hint}")) from error
    except (multipart.MultipartError, UnicodeDecodeError) as error:
        words = f"the form cannot be read: {error}"
        raise Problem(
            Kind.BAD_REQUEST, words, [FieldError("body", str(error), f"send a whole form: {hint}")]
        ) from error


async def text_of(name: str, events: AsyncIterator[Event]) -> str:
    """Return the text of the part that has begun.

    Raises:
        Problem: 413 it is too large; 422 it is no text.
    """
    text = bytearray()
    async for chunk in bytes_of(events):
        text += chunk
        if len(text) > _MOST_TEXT_BYTES:
            raise too_large(name, len(text), _MOST_TEXT_BYTES, "send a shorter text")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise invalid(FieldError(name, "no valid UTF-8", "send a text in UTF-8")) from error


async def bytes_of(events: AsyncIterable[Event]) -> AsyncIterator[bytes]:
    """Yield the bytes of the part that has begun, to its end."""
    async for event in events:
        if event is None:
            return
        if isinstance(event, bytes | bytearray):
            yield bytes(event)


def _boundary(request: Request[Any, Any, Any], hint: str) -> str:
    given = dict(request.scope["headers"]).get(b"content-type", b"").decode("latin-1")
    media, options = multipart.parse_options_header(given)
    boundary = options.get("boundary", "")
    if media == _FORM and 0 < len(boundary) <= _LONGEST_BOUNDARY and boundary.isascii() and boundary.isprintable():
        return str(boundary)
    shown = given[:64] or "missing"
    error = FieldError("Content-Type", f"is {shown}", f"send a form, {_FORM} with its boundary: {hint}")
    wrong = "without a boundary that could be used" if media == _FORM else f"not {_FORM}"
    raise Problem(Kind.MEDIA, f"Content-Type is {shown}, {wrong}", [error])
