"""Runs a program so that it leaves room for others: `python -m xqueue_embedded.demo.gentle PROGRAM…`.

For a worker with a model in it: the model's threads are as many as the cores that it sees, so it is shown half of
them, four at most; and it gives way to brokers and services, which would else answer late.
"""

import os
import sys

_NICENESS = 3
"""Beside what workers have anyway: behind the last of the services."""
_MOST_CORES = 4


def main(argv: list[str]) -> None:
    """Become the program."""
    os.nice(_NICENESS)
    if hasattr(os, "sched_setaffinity"):  # Linux only
        os.sched_setaffinity(0, some(os.sched_getaffinity(0)))
    os.execvp(argv[0], argv)  # noqa: S606  # its program was named by us


def some(cores: set[int]) -> set[int]:
    """Return half of the cores, the last ones: the first do most of the system's own work."""
    count = min(_MOST_CORES, max(1, len(cores) // 2))
    return set(sorted(cores)[-count:])


if __name__ == "__main__":
    main(sys.argv[1:])
