"""Events as lines that scroll by, with bars below them for running tasks if somebody looks."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.text import Text

from xqueue_client.command.output import Output
from xqueue_client.command.words import progress, status, took, value
from xqueue_client.events import ChunkEvent, Event, LogEvent, ProgressEvent
from xqueue_client.snapshot import Snapshot, Status

_RESULT_CHARACTERS = 60


class Scroll:
    """Shows events."""

    def __init__(self, output: Output) -> None:
        self._output = output
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[words]}"),
        )
        self._bars = Progress(*columns, console=output.console, transient=True)
        self._running: dict[str, TaskID] = {}
        self._live = output.console.is_terminal and not output.json

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the lines, take the bars away."""
        if self._live:
            self._bars.stop()

    def show(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, LogEvent):
            line = Text.assemble(f"{event.task.task_id}  ", (f"{event.log.level}: ", "dim"), event.log.message)
        elif isinstance(event, ChunkEvent):
            line = Text.assemble(f"{event.task.task_id}  ", (f"chunk {event.index}: ", "dim"), value(event.chunk))
        else:
            self._draw(event.task)
            if self._live and isinstance(event, ProgressEvent):
                return
            line = _line(event.task)
        self._output.console.print(line, soft_wrap=True)

    def _draw(self, task: Snapshot) -> None:
        """Bring its bar up to date."""
        if not self._live:
            return
        if task.status is not Status.PROCESSING:
            bar = self._running.pop(task.task_id, None)
            if bar is not None:
                self._bars.remove_task(bar)
            return
        if task.task_id not in self._running:
            self._running[task.task_id] = self._bars.add_task(task.task_id, total=100, words="")
        if task.progress:
            words = task.progress.message or ""
            self._bars.update(self._running[task.task_id], completed=task.progress.percent, words=words)


def _line(task: Snapshot) -> Text:
    key = f"  {task.concurrency_key}" if task.concurrency_key else ""
    coloured = status(task)
    coloured.pad_right(10 - len(coloured))
    return Text.assemble(
        f"{task.task_id}  {task.version:>3}  ", coloured, f"  {task.type}{key}  ", (_more(task), "dim")
    )


def _more(task: Snapshot) -> str:
    """Return what is worth telling at this version."""
    if task.error and task.status is not Status.SUCCESS:
        return f"{task.error.kind}: {task.error.message}"
    if task.succeeded:
        return f"{took(task)}  {value(task.result)[:_RESULT_CHARACTERS]}"
    return progress(task)
