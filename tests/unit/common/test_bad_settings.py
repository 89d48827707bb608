"""Every setting of every service: a bad value is refused by the name of its variable."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect
from support.our_services import SETTINGS

from xqueue_common.errors import ConfigError
from xqueue_common.settings import load


def bad_values(kind: Any) -> Iterator[str]:
    """Return texts that are no value of a type; nothing for texts that may be anything."""
    match kind:
        case inspect.IntType() | inspect.FloatType():
            yield from ("many", "1,5", "nan", "1e999", "0x10", " ", "1 2", "None")
            yield from (str(low - 1) for low in (kind.ge, kind.gt) if low is not None)
            yield from (str(high + 1) for high in (kind.le, kind.lt) if high is not None)
        case inspect.BoolType():
            yield from ("perhaps", "2", "yes please")
        case inspect.LiteralType():
            yield from ("nothing of the kind", "\x00", "-1")
        case inspect.StrType():
            if kind.pattern is not None:
                yield from ("\x00", "a\n")
            if kind.max_length is not None:
                yield "x" * (kind.max_length + 1)
        case inspect.UnionType():
            yield from ("\x00",) if all(list(bad_values(part)) for part in kind.types) else ()


def bad_settings() -> Iterator[tuple[str, str, str]]:
    for service, settings in SETTINGS.items():
        told: Any = inspect.type_info(settings)
        for field in told.fields:
            for value in bad_values(field.type):
                yield service, field.encode_name, value


@pytest.mark.parametrize("service", SETTINGS)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(service: str) -> None:
    tried = [(name, value) for of, name, value in bad_settings() if of == service]

    assert tried
    assert [(name, value) for name, value in tried if name not in said_of(service, name, value)] == []


def said_of(service: str, name: str, value: str) -> str:
    """Return what is said of a setting; nothing if it is taken."""
    try:
        load(SETTINGS[service], {name: value})
    except ConfigError as error:
        return str(error)
    return ""
