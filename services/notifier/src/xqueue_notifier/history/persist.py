"""Writing to the history until it is written: it may be away for as long as it likes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from xqueue_common.errors import Unavailable, Undecodable
from xqueue_notifier.backoff import Backoff
from xqueue_notifier.history.store import Store
from xqueue_notifier.metrics import FAILURES

log = structlog.get_logger(__name__)

T = TypeVar("T")
Write = Callable[[Sequence[T]], Awaitable[None]]
Refuse = Callable[[T, str], Awaitable[None]]


async def persist(agent: str, store: Store, attempt: Callable[[], Awaitable[None]]) -> None:
    """Make an attempt to write, again and again while the database is away.

    Between attempts the tables are created: they may be what is missing.

    Raises:
        Undecodable: the database cannot hold what is to be written.
    """
    wait = Backoff()
    while True:
        try:
            await attempt()
        except Unavailable as error:
            FAILURES.labels(agent=agent).inc()
            log.warning("history is away, the batch waits", agent=agent, error=str(error))
            await asyncio.sleep(wait.next_s())
            await _prepare(store)
        else:
            return


async def persist_singly(agent: str, store: Store, items: Sequence[T], write: Write[T], refuse: Refuse[T]) -> int:
    """Write items one by one, for the database could not hold one of them; refuse those that do not fit.

    Returns:
        How many were refused.
    """
    refused = 0
    for item in items:
        try:
            await persist(agent, store, partial(write, [item]))
        except Undecodable as error:
            await refuse(item, error.reason)
            refused += 1
    return refused


async def _prepare(store: Store) -> None:
    try:
        await store.prepare()
    except (Unavailable, Undecodable) as error:
        log.debug("tables cannot be created now", error=str(error))
