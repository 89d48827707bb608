"""Handlers that every worker has, and the loading of those that a project adds."""

import importlib
import sys
import traceback
from collections.abc import Iterable

from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import REGISTRY, Handler

READY = ("xqueue_worker.handlers.ready", "xqueue_worker.handlers.ocr")

NEEDING = {"image": "xqueue_worker.handlers.image", "speech": "xqueue_worker.handlers.speech"}
"""Those that are ready only where this pool of backends is: elsewhere their tasks wait for a worker that has it."""


def needing(pools: Iterable[str]) -> list[str]:
    """Return the ready modules that these pools are for."""
    return [NEEDING[pool] for pool in pools if pool in NEEDING]


def load(modules: Iterable[str]) -> dict[str, Handler]:
    """Import these modules beside the ready ones and return all handlers by type.

    Raises:
        HandlerError: a module cannot be imported, or registers nothing, or a handler in it cannot be used.
    """
    for module in READY:
        import_handlers(module)
    for module in modules:
        known, before = len(REGISTRY), module in sys.modules
        import_handlers(module)
        if len(REGISTRY) == known and not before:
            msg = f'handlers {module!r} registers none: decorate its functions with @task("my.type")'
            raise HandlerError(msg)
    for handler in REGISTRY.values():
        handler.prepare()
    return dict(REGISTRY)


def import_handlers(module: str) -> None:
    """Import one module, so that its handlers are registered.

    Raises:
        HandlerError: it cannot be imported; ends with the line that failed.
    """
    try:
        importlib.import_module(module)
    except HandlerError:
        raise
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename}:{last.lineno}"
        msg = f"handlers {module!r} cannot be imported: {type(error).__name__}: {error} ({where})"
        raise HandlerError(msg) from error
