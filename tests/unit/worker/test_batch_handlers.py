"""What a batch handler may look like, and what is said of one that cannot be."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from xqueue_worker import Batch, Context, HandlerError, task
from xqueue_worker.batching.flags import Flags, FlagsView
from xqueue_worker.batching.options import never_full
from xqueue_worker.handler import REGISTRY


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    known = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(known)


class Text(msgspec.Struct):
    text: str


@pytest.mark.parametrize("size", [0, -1, 10_001, 1.5, True, "3"])
def test_the_size_of_a_batch_has_bounds(size: Any) -> None:
    with pytest.raises(HandlerError, match=r"max_size=.*whole number from 1 to 10,000"):
        Batch(max_size=size, max_wait=0)


@pytest.mark.parametrize("wait", [-0.1, 60.5, float("nan"), float("inf"), True, "1"])
def test_so_has_the_wait(wait: Any) -> None:
    with pytest.raises(HandlerError, match=r"max_wait=.*seconds from 0 to 60"):
        Batch(max_size=1, max_wait=wait)


@pytest.mark.parametrize("batch", [Batch(1, 0), Batch(10_000, 60), Batch(max_size=32, max_wait=0.05)])
def test_the_bounds_are_allowed(batch: Batch) -> None:
    assert batch.max_wait_ms == batch.max_wait * 1000


async def _key(_payload: object) -> None:
    """As nobody may write it."""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch": 32}, r"batch is Batch\(max_size, max_wait\), not 32"),
        ({"batch_key": len}, r"batch_key goes with batch=Batch"),
        ({"batch": Batch(2, 0), "batch_key": "language"}, r"batch_key is a plain function"),
        ({"batch": Batch(2, 0), "batch_key": _key}, r"batch_key is a plain function"),
    ],
)
def test_options_that_cannot_be_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(HandlerError, match=words):
        task("some.batch", **options)(lambda _ctxs, _payloads: [])


def read(function: Callable[..., Any], payload: bytes) -> Any:
    task("some.batch", batch=Batch(2, 0))(function)
    return REGISTRY["some.batch"].read(payload)


def test_payloads_are_read_as_the_elements_of_the_annotated_list() -> None:
    def listed(_ctxs: list[Context], _texts: list[Text]) -> list[None]: ...
    def sequence(_ctxs: list[Context], _texts: Sequence[Text]) -> list[None]: ...

    for function in (listed, sequence):
        REGISTRY.pop("some.batch", None)
        assert read(function, b'{"text": "a"}') == Text("a")


def test_without_an_annotation_of_elements_any_json_is_read() -> None:
    def bare(_ctxs: list[Context], _payloads: list) -> list[None]: ...
    def unknown(_ctxs: Any, _payloads: Any) -> list[None]: ...

    for function in (bare, unknown, lambda _ctxs, _payloads: []):
        REGISTRY.pop("some.batch", None)
        assert read(function, b"[1]") == [1]


def test_an_annotation_without_a_list_is_refused_with_the_remedy() -> None:
    def single(_ctxs: list[Context], _text: Text) -> list[None]: ...

    with pytest.raises(HandlerError, match=r"gets a list: write list\[Text\]"):
        read(single, b"{}")


def test_a_flag_is_seen_on_the_other_side_alone() -> None:

    flags = Flags(3)
    view = FlagsView(os.dup(flags.fd), 3)

    flags.set(1)
    flags.close()

    assert [view[n] for n in range(3)] == [False, True, False]


def test_batches_that_never_fill_are_found() -> None:
    batches = {"single": None, "fits": Batch(8, 1), "too large": Batch(9, 1)}

    assert never_full(batches, 8) == ["too large"]
