"""What a handler's ``setup`` looks like: a plain function that takes nothing, or the name of a model."""

import inspect
from collections.abc import Callable
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def takes_model(setup: Callable[..., Any]) -> bool:
    """Whether it is called with the model: its first parameter has no default, or is called ``model``."""
    first = next(iter(_parameters(setup)), None)
    return first is not None and first.kind in _POSITIONAL and (_is_needed(first) or first.name == "model")


def problem(setup: object) -> str | None:
    """Return why something cannot be a setup; None if it can."""
    if not callable(setup) or inspect.iscoroutinefunction(setup):
        return f"setup is a plain function, without parameters or with one for the model, not {setup!r}"
    needed = [parameter for parameter in _parameters(setup) if _is_needed(parameter)]
    if len(needed) > takes_model(setup):
        names = ", ".join(parameter.name for parameter in needed)
        return f"setup takes no parameters, or one for the name of the model, not ({names})"
    return None


def _parameters(setup: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(setup).parameters.values())
    except ValueError:  # some that are written in C do not tell
        return []


def _is_needed(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and not variadic
