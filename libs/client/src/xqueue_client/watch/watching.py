"""Watching: connect, listen, and connect anew; once plainly and once in asyncio."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect

from xqueue_client.errors import XQueueClientError
from xqueue_client.events import Event
from xqueue_client.http.doors import Access
from xqueue_client.watch.connection import FAILURES, Connection
from xqueue_client.watch.following import Following


def watching(access: Access, following: Following) -> Iterator[Event]:
    """Yield events until all tasks that were named have ended; without names, for ever."""
    tries = access.tries()
    while not following.done:
        connection = Connection(access, following)
        try:
            yield from _listen(connection)
        except XQueueClientError as error:
            tries = access.tries() if connection.lasted else tries
            pause_s = tries.pause_s(error)
            if pause_s is None:
                raise
            time.sleep(pause_s)


def _listen(connection: Connection) -> Iterator[Event]:
    following = connection.following
    try:
        with connect(connection.url, **connection.options) as socket:
            connection.made()
            for message in following.messages():
                socket.send(message)
            while not following.done:
                if event := following.take(str(socket.recv())):
                    yield event
    except FAILURES as error:
        raise connection.error_of(error) from error


async def watching_async(access: Access, following: Following) -> AsyncGenerator[Event]:
    """Yield events until all tasks that were named have ended; without names, for ever."""
    tries = access.tries()
    while not following.done:
        connection = Connection(access, following)
        try:
            async with aclosing(_listen_async(connection)) as events:
                async for event in events:
                    yield event
        except XQueueClientError as error:
            tries = access.tries() if connection.lasted else tries
            pause_s = tries.pause_s(error)
            if pause_s is None:
                raise
            await asyncio.sleep(pause_s)


async def _listen_async(connection: Connection) -> AsyncGenerator[Event]:
    following = connection.following
    try:
        async with connect_async(connection.url, **connection.options) as socket:
            connection.made()
            for message in following.messages():
                await socket.send(message)
            while not following.done:
                if event := following.take(str(await socket.recv())):
                    yield event
    except FAILURES as error:
        raise connection.error_of(error) from error
