"""The scaler between what it reads and what it does; whole systems: tests/integration/embedded/test_pool.py."""

import asyncio
from collections.abc import Awaitable, Callable
from io import StringIO
from pathlib import Path
from typing import NoReturn

import pytest
from rich.console import Console

from xqueue_common.errors import Unavailable
from xqueue_embedded.console.display import PlainDisplay, TerminalDisplay
from xqueue_embedded.pool.crew import Crew
from xqueue_embedded.pool.policy import Rules, Stay
from xqueue_embedded.pool.readings import Reading
from xqueue_embedded.pool.scaler import Scaler
from xqueue_embedded.supervise.fleet import Fleet
from xqueue_embedded.supervise.news import Growing, News, NotGrown, Retiring
from xqueue_embedded.supervise.options import SystemOptions
from xqueue_embedded.supervise.state_dir import StateDir

Read = Callable[[], Awaitable[Reading]]
RULES = Rules(least=1, most=4, up=0.8, down=0.3, every_ms=0)


async def away() -> Reading:
    part = "redis"
    raise Unavailable(part, "no answer")


async def unheard_of() -> Reading:
    """No heartbeat has come yet."""
    return Reading([], 1_000)


@pytest.mark.parametrize("read", [away, unheard_of])
async def test_who_knows_nothing_of_the_load_changes_nothing(tmp_path: Path, read: Read) -> None:
    fleet = Fleet(SystemOptions(), StateDir(tmp_path))
    fleet.workers.clear()
    crew = Crew(fleet, {}, keeper_of=_nobody, changed=_nobody)
    news: list[News] = []
    scaler = Scaler(crew=crew, rules=RULES._replace(least=0), read=read, tell=news.append)

    async with asyncio.TaskGroup() as group:
        assert await scaler.round(group) == Stay()

    assert news == []


def _nobody(*_: object) -> NoReturn:
    pytest.fail("nobody was to be hired")


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (Growing(workers=1, used=1.0, waiting=54), "1 worker more; 100% of its slots are in use, 54 tasks wait"),
        (Growing(workers=2, used=None, waiting=1), "2 workers more; no slot is offered, 1 task waits"),
        (Retiring(name="worker-2", running=0, used=0.1), "worker-2 retires; 10% of its slots are in use"),
        (Retiring(name="worker-2", running=3, used=0.1), "it finishes 3 first"),
        (NotGrown(reason="worker-1 ended"), "the pool does not grow: worker-1 ended"),
    ],
)
@pytest.mark.parametrize("display", [PlainDisplay, TerminalDisplay])
def test_changes_of_the_pool_are_shown(
    news: News, line: str, display: type[PlainDisplay] | type[TerminalDisplay]
) -> None:
    shown = StringIO()

    display(Console(file=shown, width=200)).tell(news)

    assert line in shown.getvalue()
