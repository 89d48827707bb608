import functools
from collections.abc import Callable
from typing import Any

import pytest

from xqueue_worker.handler import Handler, Isolation
from xqueue_worker.process_options import ProcessOptions
from xqueue_worker.setups import problem


class Model:
    def __init__(self, name: str | None) -> None:
        self.name = name


def by_default(model: str | None = "tiny") -> str | None:
    return model


def of_a_file(path: str = "weights.bin") -> str:
    return path


def of_two(folder: str, model: str) -> str:
    return folder + model


async def later(model: str) -> str:
    return model


def by_name_alone(*, model: str) -> str:
    return model


def made_by(setup: Callable[..., Any]) -> Any:
    handler = Handler("t", len, isolation=Isolation.PROCESS, process=ProcessOptions(setup=setup))
    assert problem(setup) is None
    return handler.set_up("big")


def test_one_with_a_parameter_is_given_the_model() -> None:
    assert made_by(lambda name: name) == "big"
    assert made_by(by_default) == "big"
    assert made_by(functools.partial(of_two, "dir/")) == "dir/big"
    assert made_by(Model).name == "big"


def test_one_without_is_called_as_ever() -> None:
    assert made_by(lambda: 7) == 7
    assert made_by(of_a_file) == "weights.bin"
    assert made_by(dict) == {}
    assert made_by(lambda *more: more) == ()


def test_a_handler_without_one_shares_nothing() -> None:
    assert Handler("t", len, isolation=Isolation.PROCESS).set_up("big") is None


@pytest.mark.parametrize("setup", [7, later, of_two, by_name_alone])
def test_what_cannot_be_called_so_is_refused(setup: object) -> None:
    assert "setup" in (problem(setup) or "")
