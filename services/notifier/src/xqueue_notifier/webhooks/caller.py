"""The one who calls: a request, and what came of it."""

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver

from xqueue_notifier.webhooks.answers import Answer, retry_after_ms
from xqueue_notifier.webhooks.guard import guarded_socket, refused_in
from xqueue_notifier.webhooks.resolver import ThreadsResolver

log = structlog.get_logger(__name__)

_READ_BYTES = 4 * 1024
_ALWAYS = {"content-type": "application/json", "user-agent": "XQueue", "accept-encoding": "identity"}

# In our own words: what a library says may tell of the network behind us. The first that fits counts.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (InvalidURL, "not an address that can be called"),
    (ClientConnectorDNSError, "its name leads to no address"),
    (ClientSSLError, "no TLS connection: its certificate is not valid, or it does not speak TLS"),
    (ClientConnectorError, "cannot be reached"),
    (ServerDisconnectedError, "it hung up without an answer"),
)


class Caller:
    """The caller is responsible for requests that reach public addresses only, and for none lasting too long.

    It follows no redirects, keeps no cookies, heeds no proxies and no ``.netrc`` of the environment. A connection
    that is used again leads to the address that was judged when it was opened.
    """

    def __init__(self, *, allow_private: bool, timeout_s: float, resolver: AbstractResolver | None = None) -> None:
        self._timeout_s = timeout_s
        self._session = ClientSession(
            connector=TCPConnector(
                limit=0,  # the hosts are given their room elsewhere
                resolver=resolver or ThreadsResolver(),
                socket_factory=None if allow_private else guarded_socket,
            ),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=None),  # ours is around everything
            trust_env=False,
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a body and return what came of it, whatever that is."""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._session.post(
                    url, data=body, headers={**_ALWAYS, **headers}, allow_redirects=False
                ) as response,
            ):
                return await _read(response)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            return Answer(None, self._words(error), refused=refused_in(error))
        except Exception:  # whatever a receiver, or an address, makes of us: it must not stop the others
            log.exception("a webhook's call failed unexpectedly")
            return Answer(None, "the call failed")

    def _words(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout_s:g} s"
        if refused_in(error):
            return "its address is not public"
        known = (words for kind, words in _WORDS if isinstance(error, kind))
        return next(known, f"the call failed: {type(error).__name__}")


async def _read(response: ClientResponse) -> Answer:
    # A short body is read so that the connection can be used again; of a long one nothing more is wanted.
    await response.content.read(_READ_BYTES)
    return Answer(response.status, None, retry_after_ms(response.status, response.headers.get("retry-after")))
