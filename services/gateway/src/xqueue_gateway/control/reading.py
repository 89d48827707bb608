"""Reading what a cell holds, and names that clients give: what has the wrong form is told in one way."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import structlog

from xqueue_common.errors import Undecodable
from xqueue_gateway.problems import FieldError, invalid

T = TypeVar("T")

log = structlog.get_logger(__name__)


def read_setting(read: Callable[[bytes], T], value: bytes | None) -> T | None:
    """Return the setting in what a cell holds; None: there is none, or none that we can read."""
    if not value:
        return None
    try:
        return read(value)
    except Undecodable:
        log.error("setting cannot be read", value=value[:200])
        return None


def check_shape(field: str, name: str, shape: Any, hint: str) -> None:
    """Refuse a name that does not have the form of its kind.

    Raises:
        Problem: 422.
    """
    try:
        msgspec.convert(name, shape)
    except msgspec.ValidationError as error:
        raise invalid(FieldError(field, "not of the right form", hint)) from error
