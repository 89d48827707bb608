"""Makes a history that fails shorter: drops steps, and tasks within them, as long as it still fails."""

import time
from collections.abc import Awaitable, Callable, Iterator

from support.scheduler.fold.steps import History, Step

Fails = Callable[[History], Awaitable[bool]]


async def shrunk(history: History, fails: Fails, *, within_s: float) -> History:
    """Return a shorter history that fails, as short as is found in time."""
    until = time.monotonic() + within_s
    found = True
    while found and time.monotonic() < until:
        found = False
        for shorter in _shorter(history):
            if time.monotonic() > until:
                break
            if await fails(shorter):
                history, found = shorter, True
                break
    return history


def _shorter(history: History) -> Iterator[History]:
    """Return histories without some of the steps, many first; then with less in a step."""
    size = len(history) // 2
    while size:
        for start in range(len(history) - size, -1, -size):
            yield history[:start] + history[start + size :]
        size //= 2
    for number, step in enumerate(history):
        for smaller in _smaller(step):
            yield [*history[:number], smaller, *history[number + 1 :]]


def _smaller(step: Step) -> Iterator[Step]:
    if step.name != "submit":
        return
    [specs] = step.args
    if len(specs) > 1:
        for number in range(len(specs)):
            yield Step("submit", (specs[:number] + specs[number + 1 :],))
    for number, spec in enumerate(specs):
        for name in spec:
            if name not in ("tenant", "queue", "type"):
                simpler = {field: value for field, value in spec.items() if field != name}
                yield Step("submit", ([*specs[:number], simpler, *specs[number + 1 :]],))
