"""Reading a log for as long as the process lives, whatever happens to it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from xqueue_common.errors import PositionLost, XQueueError

log = structlog.get_logger(__name__)

_AGAIN_S = 0.5


async def follow(
    what: str, one_round: Callable[[], Awaitable[object]], find_place: Callable[[], Awaitable[None]]
) -> NoReturn:
    """Do one round after another; what goes wrong is waited out.

    Args:
        what: whose log it is, for people.
        one_round: reads what has come.
        find_place: goes to where reading can go on, once the log no longer holds our position.
    """
    lost = False
    while True:
        try:
            if lost:
                await find_place()
                lost = False
            await one_round()
        except PositionLost as error:
            lost = True
            log.error("the log no longer holds our position, finding a new one", of=what, error=str(error))
        except XQueueError as error:
            log.warning("not hearing", of=what, error=str(error))
            await asyncio.sleep(_AGAIN_S)
        except Exception:
            log.exception("not hearing", of=what)
            await asyncio.sleep(_AGAIN_S)
