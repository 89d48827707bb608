"""The program: `xqueue`, or `python -m xqueue_client.command`."""

import os
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError
from rich.console import Console

from xqueue_client.command.app import PARTS, app
from xqueue_client.command.exits import Exit, Misused, exit_of
from xqueue_client.command.output import say_error
from xqueue_client.errors import InvalidRequest, Refused, Unreachable, XQueueClientError

_ANYWHERE = ("--url", "--tenant", "--json")
_GROUPS = [name for part in PARTS for name in part.name]
_NOBODY = "Start one with `uv run just up`, or say where it is: --url or XQ_URL."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status."""
    errors = Console(stderr=True, highlight=False)
    try:
        status = app(
            options_last(sys.argv[1:] if arguments is None else arguments),
            exit_on_error=False,
            error_console=errors,
            result_action="return_value",
        )
    except CycloptsError:
        return Exit.USAGE  # it has said why
    except Misused as error:
        say_error(errors, str(error))
        return Exit.USAGE
    except XQueueClientError as error:
        for line in _lines(error):
            say_error(errors, line)
        return exit_of(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return int(status or 0)


def options_last(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with those options behind the command that all commands have."""
    rest, moved = list(arguments), []
    while rest and rest[0].partition("=")[0] in _ANYWHERE:
        alone = rest[0] == "--json" or "=" in rest[0]
        count = 1 if alone else 2
        moved += rest[:count]
        del rest[:count]
    command = 2 if rest[:1] and rest[0] in _GROUPS else 1
    return rest[:command] + moved + rest[command:]


def _lines(error: XQueueClientError) -> list[str]:
    if isinstance(error, InvalidRequest) and error.fields:
        return [str(field) for field in error.fields]
    if isinstance(error, Refused):
        return [error.in_short]  # it names what was asked for: that may have been several tasks
    return [f"{error}. {_NOBODY}" if isinstance(error, Unreachable) else str(error)]


if __name__ == "__main__":
    sys.exit(main())
