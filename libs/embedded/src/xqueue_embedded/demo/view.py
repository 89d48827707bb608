"""The demo on a terminal: drawn anew a few times a second."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from xqueue_client import Status
from xqueue_client.command.words import STYLES
from xqueue_embedded.demo.board import Board, Reading
from xqueue_embedded.demo.customers import CUSTOMERS
from xqueue_embedded.demo.state import Shown

_RUNS, _FREE, _WAITS = "■", "□", "·"


def view(shown: Shown) -> RenderableType:
    """Return everything."""
    return Group(
        Panel(_states(shown), title=_title(shown), title_align="left"),
        Panel(_customers(shown.board), title="customers", title_align="left"),
        Panel(_results(shown.board), title="read by the model (↑ urgent)", title_align="left"),
        _foot(shown),
    )


def _title(shown: Shown) -> str:
    return f"all tasks at {shown.url}  {shown.rate:.1f} a second"


def _states(shown: Shown) -> RenderableType:
    counts = shown.stats.by_status if shown.stats else {}
    table = Table.grid(padding=(0, 2), expand=True)
    for _ in Status:
        table.add_column(justify="center")
    table.add_row(*(Text(status, style=STYLES[status]) for status in Status))
    table.add_row(*(Text(str(counts.get(status, 0)), style="bold") for status in Status))
    return table


def _customers(board: Board) -> RenderableType:
    table = _headed("customer", "running", "limit", "most so far", "waiting")
    for customer in CUSTOMERS:
        running, waiting = board.running(customer), board.waiting(customer)
        slots = Text(_RUNS * running + _FREE * (customer.limit - running), style="cyan")
        queue = Text.assemble(f"{waiting:>2} ", (_WAITS * waiting, "yellow"))
        table.add_row(customer.name, slots, str(customer.limit), str(board.most[customer.name]), queue)
    return table


def _results(board: Board) -> RenderableType:
    if not board.last:
        return Text("the worker loads the model for the first picture", style="dim")
    table = _headed("customer", "text", "", "waited", "took")
    for it in reversed(board.last):
        who = Text.assemble(it.customer, (" ↑" if it.urgent else "", "bold magenta"))
        times = (f"{it.waited_s:.1f} s", f"{it.took_s:.1f} s")
        table.add_row(who, _said(it), _verdict(it), *times)
    return table


def _headed(*heads: str) -> Table:
    columns = (Column(head, no_wrap=True) for head in heads)
    return Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _said(it: Reading) -> Text:
    if it.right or not it.read:
        return Text(it.read or it.error)
    return Text.assemble(it.read, (f" instead of {it.written}", "dim"))


def _verdict(it: Reading) -> Text:
    if it.right:
        return Text("right", style="green")
    return Text("wrong" if it.read else it.status, style="red")


def _foot(shown: Shown) -> Text:
    board = shown.board
    judged = f"{board.right} read rightly, {board.wrong} wrongly" + (f", {board.lost} lost" if board.lost else "")
    return Text.assemble(
        f" {shown.age}  {judged}  ",
        (shown.trouble, "red"),
        ("  Ctrl-C stops everything", "dim"),
    )
