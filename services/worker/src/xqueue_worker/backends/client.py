"""The only code that talks to servers: one request, and whatever can go wrong with it in words."""

import re
from contextlib import AsyncExitStack
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp

from xqueue_common.errors import XQueueError
from xqueue_worker.backends.address import Address
from xqueue_worker.backends.calls import Answer, Call, Failure, Tried
from xqueue_worker.errors import Fail, Retry

_IDLE_S = 10.0
"""How long a connection is kept for the next call: shorter than servers usually do, so that it is ours to close."""
_CHUNK = 64 * 1024
_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?\Z")
_WELL = range(200, 300)


class Patience(NamedTuple):
    """How long connecting and the whole answer may take, in seconds, and how large it may be, in bytes."""

    connect_s: float
    whole_s: float
    most_bytes: int


class Client:
    """The connections to all servers; used as ``async with`` on the loop of the worker.

    How many there are is bounded by the concurrency of the servers.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open it."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S)
        self._session = await self._open.enter_async_context(aiohttp.ClientSession(connector=connector))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; calls under way fail."""
        self._session = None
        await self._open.aclose()

    async def post(self, address: Address, call: Call, patience: Patience) -> Tried:
        """Send a call to a server; being cancelled closes the connection, so the server can tell."""
        request = self._running.post(
            f"{address.base}{call.path}",
            data=call.data(),
            headers={**call.headers, **_auth(address)},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=patience.whole_s, connect=patience.connect_s),
        )
        return await _within(request, address, patience)

    async def check(self, address: Address, path: str, timeout_s: float) -> str | None:
        """Ask a server whether it is well; returns what is wrong with it, or None."""
        patience = Patience(timeout_s, timeout_s, _CHUNK)
        request = self._running.get(
            f"{address.base}{path}",
            headers=_auth(address),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        )
        tried = await _within(request, address, patience)
        if isinstance(tried, Answer) and tried.status in _WELL:
            return None
        return f"health check: {tried.words}"

    @property
    def _running(self) -> aiohttp.ClientSession:
        if self._session is None:
            msg = "the connections to backends are open only while the worker runs"
            raise RuntimeError(msg)
        return self._session


async def _within(
    request: "aiohttp.client._RequestContextManager",  # what session.post returns has no other name
    address: Address,
    patience: Patience,
) -> Tried:
    try:
        async with request as response:
            return await _whole(response, address.base, patience.most_bytes)
    except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
        return Failure(f"{address.base} cannot be reached: {_words(error)}", unsent=True)
    except TimeoutError:
        return Failure(f"{address.base} did not answer within {patience.whole_s:.3g} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        _raise_own(error)
        return Failure(f"{address.base} broke off: {_words(error)}")


def _raise_own(error: Exception) -> None:
    """Raise what making the body has raised: aiohttp wraps it as if the connection had failed."""
    if isinstance(error.__cause__, (Fail, Retry, XQueueError)):
        raise error.__cause__


async def _whole(response: aiohttp.ClientResponse, server: str, most_bytes: int) -> Tried:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            return Failure(f"{server} answered more than {most_bytes} bytes: see max_answer_mb")
    given = response.headers.get("Content-Type", "")
    content_type = given.partition(";")[0].strip().lower()
    return Answer(response.status, content_type, bytes(body), server, _retry_after_s(response))


def _retry_after_s(response: aiohttp.ClientResponse) -> float | None:
    # The other form, a date, would need clocks that agree; who sends it is left alone as if it had said nothing.
    given = response.headers.get("Retry-After", "").strip()
    return float(given) if _SECONDS.match(given) else None


def _auth(address: Address) -> dict[str, str]:
    if not address.user and not address.password:
        return {}
    return {"Authorization": aiohttp.encode_basic_auth(address.user, address.password)}


def _words(error: Exception) -> str:
    return str(error)[:300] or type(error).__name__
