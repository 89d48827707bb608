"""What a handler's second parameter is annotated with, and how payloads are read as that."""

import collections.abc
import inspect
import typing
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

_LISTS = (list, collections.abc.Sequence)


def decoder_of(function: Callable[..., Any], *, in_lists: bool) -> msgspec.json.Decoder[Any]:
    """Return what reads one payload; ``in_lists``: the annotation is of a list of them.

    Raises:
        NameError, TypeError: the annotation cannot be used.
    """
    wanted = _payload_type(function)
    return _decoder(_element_type(wanted) if in_lists else wanted)


def _payload_type(function: Callable[..., Any]) -> Any:
    annotation = list(inspect.signature(function).parameters.values())[1].annotation
    if annotation is inspect.Parameter.empty:
        return Any
    # Only this one is resolved: others may name what is imported for type checkers alone.
    bare = SimpleNamespace(__annotations__={"payload": annotation})
    names = getattr(inspect.unwrap(function), "__globals__", {})
    return typing.get_type_hints(bare, names, include_extras=True)["payload"]


def _element_type(wanted: Any) -> Any:
    if wanted is Any or wanted in _LISTS:
        return Any
    if typing.get_origin(wanted) in _LISTS:
        return typing.get_args(wanted)[0]
    msg = f"a batch handler gets a list: write list[{getattr(wanted, '__name__', wanted)}]"
    raise TypeError(msg)


def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    if isinstance(msgspec.inspect.type_info(wanted), msgspec.inspect.CustomType):
        msg = f"{wanted!r} is nothing that msgspec reads; a msgspec.Struct or a dataclass is"
        raise TypeError(msg)
    return msgspec.json.Decoder(wanted)
