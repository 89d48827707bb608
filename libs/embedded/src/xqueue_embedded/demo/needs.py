"""What the demo needs beyond what the services do."""

from importlib.util import find_spec

_MODULES = ("rapidocr", "onnxruntime", "PIL")

REMEDY = "uv run --group demo python -m xqueue_embedded demo"


def missing() -> list[str]:
    """Return the modules that are not installed."""
    return [module for module in _MODULES if find_spec(module) is None]
