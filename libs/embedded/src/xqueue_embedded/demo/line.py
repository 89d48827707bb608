"""The demo where nobody looks: a line now and then."""

from xqueue_embedded.demo.board import Board, Reading
from xqueue_embedded.demo.customers import CUSTOMERS
from xqueue_embedded.demo.state import Shown


def line(shown: Shown) -> str:
    """Return how things stand, on one line."""
    board = shown.board
    customers = ", ".join(
        f"{c.name} {board.running(c)}/{c.limit} running {board.waiting(c)} waiting" for c in CUSTOMERS
    )
    parts = (shown.age, summary(board), f"{shown.rate:.1f}/s", customers, _last(board), shown.trouble)
    return "; ".join(part for part in parts if part)


def summary(board: Board) -> str:
    """Return what came of it all."""
    return f"{board.read} pictures read, {board.right} rightly, {board.wrong} wrongly, {board.lost} tasks lost"


def _last(board: Board) -> str:
    return f"last: {_words(board.last[-1])}" if board.last else ""


def _words(it: Reading) -> str:
    said = f"{it.read!r} {'right' if it.right else 'wrong'}" if it.read else f"{it.status} {it.error}"
    return f"{said} after {it.took_s:.1f} s"
