"""What the demo shows: on a terminal of any size, and where nobody looks."""

import io

import pytest
from rich.console import Console
from unit.embedded_demo.telling import STATS, ended, told

from xqueue_embedded.demo.board import Board
from xqueue_embedded.demo.line import line
from xqueue_embedded.demo.screen import screen_on
from xqueue_embedded.demo.state import Shown
from xqueue_embedded.demo.view import view

URL = "http://127.0.0.1:8080"


def busy() -> Shown:
    """Return a demo with all rows filled."""
    board = Board()
    for n in range(8):
        board.take(ended(f"done{n}", "umbrella mountain", "crystal pumpkin", customer="customer-2", priority=n))
    for n, customer in enumerate(("customer-1", "customer-2", "customer-2", "customer-3")):
        board.take(told(f"running{n}", "processing", customer=customer))
        board.take(told(f"waiting{n}", "pending", customer=customer))
    return Shown(URL, board, stats=STATS, clock=lambda: 75.0)


def drawn(shown: Shown, width: int) -> list[str]:
    """Return what stands on a terminal."""
    file = io.StringIO()
    Console(file=file, width=width, height=24, force_terminal=True, color_system=None).print(view(shown))
    return file.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize("width", [80, 140])
def test_it_fits_on_a_terminal_of_24_lines(width: int) -> None:
    lines = drawn(busy(), width)

    assert len(lines) <= 24
    assert all(len(text) <= width for text in lines)


def test_states_keys_rate_results_and_the_address_are_shown() -> None:
    text = "\n".join(drawn(busy(), 140))

    for word in ("scheduled", "pending", "processing", "success", "failed", "canceled", "timeout"):
        assert word in text
    for word in (URL, "1.2 a second", "■□", "customer-3", "umbrella mountain / crystal pumpkin", "2.0 s", "3.0 s"):
        assert word in text


def test_nothing_is_known_at_first() -> None:
    assert "loads the model" in "\n".join(drawn(Shown(URL, Board()), 80))


def test_trouble_is_shown() -> None:
    shown = Shown(URL, Board(), trouble="no gateway answers")

    assert "no gateway answers" in "\n".join(drawn(shown, 80))
    assert "no gateway answers" in line(shown)


def test_where_nobody_looks_it_is_a_line() -> None:
    file = io.StringIO()
    with screen_on(Console(file=file)) as screen:
        screen.draw(busy())

    [text] = file.getvalue().splitlines()
    assert "8 pictures read, 0 rightly, 8 wrongly, 0 tasks lost" in text
    assert "1.2/s" in text
    assert "customer-2 2/2 running 2 waiting" in text


def test_minutes_are_counted() -> None:
    now = [0.0]
    shown = Shown(URL, Board(), clock=lambda: now[0])
    now[0] = 75.0

    assert shown.age == "1:15"
