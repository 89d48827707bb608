"""Saying what is wrong with a body: every field at once, in words, with the remedy.

The decoder stops at the first error; this looks again at a body that it has refused, field by field.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from msgspec import NODEFAULT, Raw, Struct

from xqueue_gateway.problems import FieldError, Problem, invalid
from xqueue_gateway.submissions.json_text import broken

Hints = Mapping[str, str]
"""What each field takes, in words for whoever got it wrong."""

_anything = msgspec.json.Decoder(Any)
_parts = msgspec.json.Decoder(dict[str, Raw])
_AT = re.compile(r" - at (?:`key` in )?`\$(.*)`\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`\Z", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`\Z")
_MOST = 32
_SHOWN = 64


def fault(wanted: type[Struct], text: str | Raw, error: Exception, hints: Hints) -> Problem:
    """Return the problem with a JSON text that could not be read as ``wanted``."""
    try:
        _anything.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refused:
        # A number too large for us is good JSON; everything else that the plain decoder refuses is none.
        if not isinstance(refused, msgspec.ValidationError):
            return broken(text, refused)
    return invalid(*faults(wanted, text, error, hints))


def faults(wanted: type[Struct], text: str | Raw, error: Exception, hints: Hints) -> list[FieldError]:
    """Return what is wrong with each field of valid JSON that is not a ``wanted``."""
    try:
        parts = _parts.decode(text)
    except msgspec.MsgspecError:
        return [FieldError("body", "must be a JSON object", f"give an object with {_names(wanted)}")]
    found = [*_unknown(wanted, parts, hints), *_missing(wanted, parts, hints), *_wrong(wanted, parts, hints)]
    return found[:_MOST] or [field_error("body", str(error), hints)]


def field_error(field: str, message: str, hints: Hints) -> FieldError:
    """Return the error of a field from what the decoder says about it."""
    at = _AT.search(message)
    words = message[: at.start()] if at else message
    where = f"{field}{at[1]}" if at else field
    hint = hints.get(field, "see /openapi.json")
    if unknown := _UNKNOWN.match(words):
        return FieldError(f"{where}.{unknown[1][:_SHOWN]}", "unknown field", hint)
    if missing := _MISSING.match(words):
        return FieldError(f"{where}.{missing[1]}", "required", hint)
    if "matching regex" in words:
        words = "Not of the right form"
    return FieldError(where, words, hint)


def _unknown(wanted: type[Struct], parts: dict[str, Raw], hints: Hints) -> Iterator[FieldError]:
    for name in parts.keys() - _decoders(wanted).keys():
        if name in hints:  # a field of the answer that cannot be set here
            yield FieldError(name, "cannot be set here", hints[name])
        else:
            yield FieldError(name[:_SHOWN], "unknown field", meant(name, tuple(_decoders(wanted))))


def _missing(wanted: type[Struct], parts: dict[str, Raw], hints: Hints) -> Iterator[FieldError]:
    for field in msgspec.structs.fields(wanted):
        required = field.default is NODEFAULT and field.default_factory is NODEFAULT
        if required and field.encode_name not in parts:
            yield FieldError(field.encode_name, "required", hints.get(field.encode_name, ""))


def _wrong(wanted: type[Struct], parts: dict[str, Raw], hints: Hints) -> Iterator[FieldError]:
    for name, decoder in _decoders(wanted).items():
        if name in parts:
            try:
                decoder.decode(parts[name])
            except msgspec.MsgspecError as error:
                yield field_error(name, str(error), hints)


@cache
def _decoders(wanted: type[Struct]) -> dict[str, msgspec.json.Decoder[Any]]:
    return {field.encode_name: msgspec.json.Decoder(field.type) for field in msgspec.structs.fields(wanted)}


def _names(wanted: type[Struct]) -> str:
    return ", ".join(_decoders(wanted))


def meant(name: str, known: tuple[str, ...]) -> str:
    """Return the hint for a name that is not among the known ones."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
