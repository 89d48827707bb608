"""What is logged the usual way while an attempt runs stands in its task's log."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from xqueue_worker.caught import catching, speaking
from xqueue_worker.context import Context, Facts
from xqueue_worker.said import LogLine, Said

log = logging.getLogger("a.users.library")


class Attempt:
    """A context, and what was said in it."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self.ctx = Context(Facts("t", 1, "acme", {}, 0.0), self._said.append)

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(said.level, said.message) for said in self._said if isinstance(said, LogLine)]


@pytest.fixture
def attempt() -> Attempt:
    return Attempt()


@pytest.fixture
def caught() -> Iterator[None]:
    with catching():
        yield


@pytest.mark.usefixtures("caught")
def test_lines_keep_their_level_and_their_arguments(attempt: Attempt) -> None:
    with speaking(attempt.ctx):
        log.debug("not this")
        log.info("%d of %d", 1, 2)
        log.warning("careful")
        log.critical("very bad")

    assert attempt.lines == [("info", "1 of 2"), ("warning", "careful"), ("error", "very bad")]


@pytest.mark.usefixtures("caught")
def test_an_exception_brings_its_traceback(attempt: Attempt) -> None:
    with speaking(attempt.ctx):
        try:
            1 / 0  # noqa: B018  # for its exception
        except ZeroDivisionError:
            log.exception("it broke")

    [(level, text)] = attempt.lines
    assert level == "error"
    assert text.startswith("it broke\nTraceback")
    assert "ZeroDivisionError" in text


@pytest.mark.usefixtures("caught")
async def test_attempts_beside_one_another_are_told_apart() -> None:
    one, other = Attempt(), Attempt()

    async def run(attempt: Attempt, name: str) -> None:
        with speaking(attempt.ctx):
            for _ in range(3):
                log.info(name)
                await asyncio.sleep(0)

    await asyncio.gather(run(one, "one"), run(other, "other"))

    assert (one.lines, other.lines) == ([("info", "one")] * 3, [("info", "other")] * 3)


@pytest.mark.usefixtures("caught")
def test_what_nobody_says_is_nobodys(attempt: Attempt) -> None:
    with speaking(attempt.ctx):
        thread = threading.Thread(target=log.info, args=("from a thread of its own",))
        thread.start()
        thread.join()
    log.info("after it")

    assert attempt.lines == []


def test_in_a_child_process_all_of_it_is_the_attempts(attempt: Attempt) -> None:
    with catching(attempt.ctx):
        thread = threading.Thread(target=log.info, args=("from a thread of its own",))
        thread.start()
        thread.join()

    assert attempt.lines == [("info", "from a thread of its own")]


@pytest.mark.usefixtures("caught")
def test_a_message_that_cannot_be_made_breaks_nothing(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with speaking(attempt.ctx):
        log.info("%d", "no number")
        log.info("goes on")

    assert attempt.lines == [("info", "goes on")]


def test_other_handlers_hear_what_they_would_hear_without_us() -> None:
    heard: list[str] = []
    before = logging.Handler()
    before.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]  # it listens
    root = logging.getLogger()
    level = root.level
    root.addHandler(before)
    root.setLevel(logging.WARNING)
    try:
        with catching():
            log.info("quiet")
            log.warning("loud")
        assert root.level == logging.WARNING
    finally:
        root.removeHandler(before)
        root.setLevel(level)

    assert heard == ["loud"]
