"""Sending calls: one door that blocks, one for asyncio; they differ in nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx2

from xqueue_client.address import checked, find_key, find_url, is_here
from xqueue_client.errors import Unreachable, XQueueClientError
from xqueue_client.http.call import Call
from xqueue_client.http.headers import access_headers
from xqueue_client.http.problems import error_of
from xqueue_client.http.sinks import Progressing, Sink, rest_of
from xqueue_client.http.tries import Tries

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the gateway is, who asks, and how patiently.

    Attributes:
        url: of the gateway.
        headers: who asks.
        timeout: seconds that one request may take.
        retry_for: seconds for which what is temporary is tried again.
    """

    url: str
    headers: dict[str, str] = field(repr=False)  # the API key stands in them
    timeout: float
    retry_for: float

    @classmethod
    def of(
        cls, url: str | None, *, tenant: str | None, api_key: str | None, timeout: float, retry_for: float
    ) -> "Access":
        """Return the access that a client was asked to use; what it does not say, the environment does.

        Raises:
            BadAddress: the URL is none.
            BadHeader: the tenant or the API key cannot be sent.
        """
        headers = access_headers(tenant=tenant, api_key=find_key() if api_key is None else api_key)
        return cls(url=checked(url or find_url()), headers=headers, timeout=timeout, retry_for=retry_for)

    def tries(self, *, once: bool = False) -> Tries:
        """Begin to try."""
        return Tries(self.retry_for, once=once)

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """Return a call as the HTTP library takes it."""
        return {
            "method": call.method,
            "url": self.url + call.path,
            "params": call.query,
            "content": call.body,
            "headers": self.headers | call.headers,
            "timeout": httpx2.Timeout(self.timeout, read=self.timeout + call.takes_s),
        }

    def unreachable(self, error: httpx2.HTTPError) -> Unreachable:
        """Return our error for one of the HTTP library."""
        return Unreachable(self.url, str(error) or type(error).__name__)


class Door:
    """Sends calls and waits for their answers."""

    def __init__(
        self,
        access: Access,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.access = access
        self._http = httpx2.Client(transport=transport, trust_env=not is_here(access.url))
        self._sleep = sleep

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """Send a call, again if need be.

        Raises:
            XQueueClientError: it went wrong for good, or for too long.
        """
        tries = self.access.tries(once=call.once)
        while True:
            try:
                return self._ask(call)
            except XQueueClientError as error:
                pause_s = tries.pause_s(error)
                if pause_s is None:
                    raise
            self._sleep(pause_s)

    def fetch(self, path: str, sink: Sink) -> None:
        """Read a file into a sink; after a lost connection it goes on where that was.

        Raises:
            XQueueClientError: it went wrong for good, or for too long.
        """
        came, tries, at = Progressing(sink), self.access.tries(), 0
        while True:
            try:
                self._fetch(path, came)
            except XQueueClientError as error:
                if came.at > at:
                    tries, at = self.access.tries(), came.at
                pause_s = tries.pause_s(error)
                if pause_s is None:
                    raise
            else:
                return
            self._sleep(pause_s)

    def _fetch(self, path: str, came: Progressing) -> None:
        url = self.access.url
        try:
            with self._http.stream(**self.access.request(rest_of(path, came))) as answer:
                if not answer.is_success:
                    raise error_of(url, answer.status_code, answer.headers, answer.read())
                if came.begin(url, answer.status_code, answer.headers):
                    for chunk in answer.iter_bytes():
                        came.write(chunk)
        except httpx2.HTTPError as error:
            raise self.access.unreachable(error) from error

    def _ask(self, call: Call[T]) -> T:
        try:
            answer = self._http.request(**self.access.request(call))
        except httpx2.HTTPError as error:
            raise self.access.unreachable(error) from error
        return call.answer(self.access.url, answer.status_code, answer.headers, answer.content)


class AsyncDoor:
    """Sends calls and awaits their answers."""

    def __init__(
        self,
        access: Access,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.access = access
        self._http = httpx2.AsyncClient(transport=transport, trust_env=not is_here(access.url))
        self._sleep = sleep

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a call, again if need be.

        Raises:
            XQueueClientError: it went wrong for good, or for too long.
        """
        tries = self.access.tries(once=call.once)
        while True:
            try:
                return await self._ask(call)
            except XQueueClientError as error:
                pause_s = tries.pause_s(error)
                if pause_s is None:
                    raise
            await self._sleep(pause_s)

    async def fetch(self, path: str, sink: Sink) -> None:
        """Read a file into a sink; after a lost connection it goes on where that was.

        Raises:
            XQueueClientError: it went wrong for good, or for too long.
        """
        came, tries, at = Progressing(sink), self.access.tries(), 0
        while True:
            try:
                await self._fetch(path, came)
            except XQueueClientError as error:
                if came.at > at:
                    tries, at = self.access.tries(), came.at
                pause_s = tries.pause_s(error)
                if pause_s is None:
                    raise
            else:
                return
            await self._sleep(pause_s)

    async def _fetch(self, path: str, came: Progressing) -> None:
        url = self.access.url
        try:
            async with self._http.stream(**self.access.request(rest_of(path, came))) as answer:
                if not answer.is_success:
                    raise error_of(url, answer.status_code, answer.headers, await answer.aread())
                if came.begin(url, answer.status_code, answer.headers):
                    async for chunk in answer.aiter_bytes():
                        came.write(chunk)
        except httpx2.HTTPError as error:
            raise self.access.unreachable(error) from error

    async def _ask(self, call: Call[T]) -> T:
        try:
            answer = await self._http.request(**self.access.request(call))
        except httpx2.HTTPError as error:
            raise self.access.unreachable(error) from error
        return call.answer(self.access.url, answer.status_code, answer.headers, answer.content)
