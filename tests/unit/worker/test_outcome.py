import json
from typing import Any

import msgspec
import pytest

from xqueue_common.errors import ArtifactTooLarge, Unavailable
from xqueue_worker import Fail, Retry, outcome
from xqueue_worker.outcome import MAX_TRACEBACK, Ending


def raised(error: BaseException) -> Ending:
    def handler() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        handler()
    return outcome.of_error(caught.value)


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None]}, "text", 0, False, [], {"nested": {"deeply": ["ü"]}}])
def test_a_result_is_kept_as_json(value: Any) -> None:
    ending = outcome.of_result(value)

    assert ending.error is None
    assert ending.result is not None
    assert json.loads(ending.result) == value


def test_no_result_is_nothing() -> None:
    assert outcome.of_result(None) == Ending(None, None, None)


class Unprintable(Exception):
    def __str__(self) -> str:
        msg = "no words"
        raise RuntimeError(msg)


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize("value", [object(), {1, object()}, "\ud800", _endless(), {(1, 2): 3}])
def test_what_is_no_json_fails_for_good(value: Any) -> None:
    ending = outcome.of_result(value)

    assert ending.error is not None
    assert (ending.error.kind, ending.error.retryable) == ("invalid_result", False)


ERRORS_OF_ARTIFACTS = [
    (Unavailable("artifacts", "no space left on device"), "artifact_unavailable", True),
    (ArtifactTooLarge(10), "artifact_too_large", False),
    (Unavailable("history", "away"), "error", True),
]


@pytest.mark.parametrize(("error", "kind", "retryable"), ERRORS_OF_ARTIFACTS)
def test_errors_of_the_artifact_store_have_kinds_of_their_own(
    error: Exception, kind: str, *, retryable: bool
) -> None:
    ending = raised(error)

    assert ending.error is not None
    assert (ending.error.kind, ending.error.retryable) == (kind, retryable)


def test_too_little_memory_and_a_failed_setup_have_kinds_of_their_own() -> None:
    endings = [raised(MemoryError()), outcome.of_setup(FileNotFoundError("weights.bin"))]

    kinds = [
        (ending.error.kind, ending.error.message, ending.error.retryable) for ending in endings if ending.error
    ]
    assert kinds == [("out_of_memory", "MemoryError", True), ("setup", "FileNotFoundError: weights.bin", True)]


def test_any_exception_may_be_retried_and_brings_its_traceback() -> None:
    error = raised(ValueError("bad luck")).error

    assert error is not None
    assert (error.kind, error.retryable, error.message) == ("error", True, "ValueError: bad luck")
    assert error.traceback is not None
    assert error.traceback.endswith("ValueError: bad luck\n")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Unprintable(), ValueError("\ud800" * 9)])
def test_whatever_a_handler_raises_can_be_told(error: BaseException) -> None:
    ending = raised(error)

    assert ending.error is not None
    assert ending.error.message
    assert msgspec.json.encode(ending)


def test_a_long_traceback_is_cut_at_its_beginning() -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        raise ValueError("ä" * 20_000 + "the end")

    try:
        deeper(40)
    except ValueError as caught:
        error = outcome.of_error(caught).error

    assert error is not None
    assert error.traceback is not None
    assert len(error.traceback.encode()) <= MAX_TRACEBACK
    assert error.traceback.endswith("the end\n")


def test_fail_is_final() -> None:
    error = raised(Fail("never")).error

    assert error is not None
    assert (error.kind, error.retryable, error.message, error.traceback) == ("final", False, "never", None)


def test_retry_says_when() -> None:
    assert raised(Retry(after=1.5)).retry_after_ms == 1500
    assert raised(Retry()).retry_after_ms is None
    error = raised(Retry("busy")).error
    assert error is not None
    assert (error.kind, error.retryable, error.message) == ("retry", True, "busy")


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), 1e9])
def test_retry_takes_no_other_than_sensible_times(after: float) -> None:
    with pytest.raises(ValueError, match="give seconds from 0"):
        Retry(after=after)


@pytest.mark.parametrize(
    ("status", "words"), [(-9, "killed by SIGKILL"), (-77, "killed by signal 77"), (3, "exit code 3")]
)
def test_the_death_of_a_child_is_named(status: int, words: str) -> None:
    error = outcome.of_death(status).error

    assert error is not None
    assert (error.kind, error.retryable) == ("crash", True)
    assert words in error.message
