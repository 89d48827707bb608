"""Which handler a test means."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import REGISTRY, Handler


def find(wanted: Callable[..., Any] | str) -> Handler:
    """Return the handler of a type, or the one that a function is.

    Raises:
        HandlerError: there is none, or its annotation cannot be used; says what to do.
    """
    handler = _of_type(wanted) if isinstance(wanted, str) else _of_function(wanted)
    handler.prepare()  # a worker would not start with one that cannot be
    return handler


def _of_type(name: str) -> Handler:
    known = REGISTRY.get(name)
    if known is not None:
        return known
    close = get_close_matches(name, REGISTRY, n=3)
    hint = f"is it {' or '.join(map(repr, close))}?" if close else "import the module that registers it"
    msg = f"no handler is registered for type {name!r}: {hint}"
    raise HandlerError(msg)


def _of_function(function: Callable[..., Any]) -> Handler:
    found = [handler for handler in REGISTRY.values() if handler.function is function]
    if len(found) == 1:
        return found[0]
    name = getattr(function, "__qualname__", repr(function))
    if found:
        types = ", ".join(repr(handler.type) for handler in found)
        msg = f"{name} handles several types: give the one that you mean, {types}"
    else:
        msg = f'{name} is no handler: decorate it with @task("my.type"), outside any other decorator'
    raise HandlerError(msg)
