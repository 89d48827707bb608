"""How the command ends: part of its contract with scripts."""

from enum import IntEnum

from xqueue_client.errors import (
    BadAddress,
    BadHeader,
    InvalidRequest,
    NotAGateway,
    NotFinished,
    TaskFailed,
    XQueueClientError,
)


class Exit(IntEnum):
    """Exit statuses."""

    OK = 0
    TASK_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    NOT_FINISHED = 5
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.TASK_FAILED: "a task that was waited for ended as failed, canceled or timeout",
    Exit.USAGE: "an argument or a field of the task is wrong",
    Exit.UNREACHABLE: "no gateway answers, or it cannot do its work now: try again",
    Exit.REFUSED: "the gateway said no: no such task, it has ended already, not allowed",
    Exit.NOT_FINISHED: "--timeout is over and a task has not ended",
    Exit.INTERRUPTED: "Ctrl-C",
}


class Misused(Exception):
    """The command was called wrongly; its text names what is wrong, and the remedy."""


def epilogue() -> str:
    """Return the exit statuses as text for `--help`."""
    lines = "\n".join(f"{status.value:>4}  {meaning}" for status, meaning in MEANINGS.items())
    return f"Exit status:\n{lines}\n"


def exit_of(error: XQueueClientError) -> Exit:
    """Return how the command ends after an error."""
    match error:
        case BadAddress() | BadHeader() | InvalidRequest():
            return Exit.USAGE
        case TaskFailed():
            return Exit.TASK_FAILED
        case NotFinished():
            return Exit.NOT_FINISHED
        case NotAGateway():
            return Exit.UNREACHABLE
        case _:
            return Exit.UNREACHABLE if error.temporary else Exit.REFUSED
