"""`xqueue logs` and `xqueue deliveries`."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from xqueue_client.client import Client
from xqueue_client.command.deliveries import HEADS as DELIVERY_HEADS
from xqueue_client.command.deliveries import row as delivery_row
from xqueue_client.command.exits import Exit
from xqueue_client.command.options import COMMON, Common
from xqueue_client.events import LogEvent, LogLine

_LAG_S = 1.0
"""How far the history may be behind what is told as it happens."""


def logs(
    task_id: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Show what a task's handler logged.

    Args:
        task_id: Its id.
        follow: Go on until the task has ended.
        common: What every command takes.
    """
    with common.connect() as client:
        for line in following(client, task_id) if follow else client.logs(task_id):
            if common.json:
                common.output.document(line)
            else:
                common.output.console.print(_text(line), soft_wrap=True)
    return Exit.OK


def deliveries(
    task_id: str,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    common: Common = COMMON,
) -> int:
    """List what webhooks told about a task, newest first.

    Args:
        task_id: Its id.
        limit: So many at most.
        common: What every command takes.
    """
    with common.connect() as client:
        found = list(islice(client.deliveries(task_id), limit))
    common.output.each(DELIVERY_HEADS, found, delivery_row)
    return Exit.OK


class _Told:
    """Which lines were told: they are numbered within their attempt, and told in that order."""

    def __init__(self) -> None:
        self._last = (0, 0)

    def new(self, lines: Iterator[LogLine]) -> Iterator[LogLine]:
        """Yield those that were not told yet, which then they are."""
        for line in lines:
            if (line.attempt, line.seq) > self._last:
                self._last = (line.attempt, line.seq)
                yield line


def following(client: Client, task_id: str) -> Iterator[LogLine]:
    """Yield what a handler logged and logs, each line once, until the task has ended.

    What was logged before the watching began is in the history, up to its lag. So the history is asked when the
    watching has begun, at the first line that is heard, which closes the gap between the two, and after the end.
    """
    client.get(task_id)  # an id of no task is refused as by the other commands
    told, asked = _Told(), 0
    for event in client.watch(task_id=task_id):
        heard = isinstance(event, LogEvent)
        if asked == 0 or (asked == 1 and heard):
            asked += 1
            yield from told.new(client.logs(task_id))
        if isinstance(event, LogEvent):
            yield from told.new(iter([event.log]))
    yield from told.new(client.logs(task_id))
    time.sleep(_LAG_S)
    yield from told.new(client.logs(task_id))


def _text(line: LogLine) -> Text:
    at = line.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return Text.assemble((f"{at}  {line.attempt}  {line.level}: ", "dim"), line.message)
