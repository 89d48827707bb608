"""How a watcher connects, and what an end of the connection means. No I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from xqueue_client.address import is_here
from xqueue_client.errors import NotAGateway, Unreachable, XQueueClientError
from xqueue_client.http.doors import Access
from xqueue_client.http.problems import error_of
from xqueue_client.watch.following import Following

FAILURES = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, msgspec.MsgspecError)
"""What may end a connection, or keep one from being made."""

_PATH = "/api/v1/ws/tasks"
_SOME_TIME_S = 10.0
_MOST_BYTES = 4 * 1024 * 1024


@dataclass
class Connection:
    """One connection, to be made and lost."""

    access: Access
    following: Following
    clock: Callable[[], float] = monotonic
    _made_at: float | None = None

    def made(self) -> None:
        """Note that it stands."""
        self._made_at = self.clock()

    @property
    def lasted(self) -> bool:
        """Whether it stood long enough for its end to be a new misfortune, and not the same one again."""
        return self._made_at is not None and self.clock() - self._made_at > _SOME_TIME_S

    @property
    def url(self) -> str:
        """The address, with what is wanted."""
        query = self.following.query()
        base = self.access.url.replace("http", "ws", 1) + _PATH
        return f"{base}?{urlencode(query)}" if query else base

    @property
    def options(self) -> Mapping[str, Any]:
        """How to connect."""
        return {
            "additional_headers": self.access.headers,
            "open_timeout": self.access.timeout,
            "close_timeout": 1,
            "max_size": _MOST_BYTES,
            "proxy": None if is_here(self.access.url) else True,
        }

    def error_of(self, error: Exception) -> XQueueClientError:
        """Return our error for what ended it."""
        url = self.access.url
        if isinstance(error, InvalidStatus):
            answer = error.response
            headers = {name.lower(): text for name, text in answer.headers.raw_items()}
            return error_of(url, answer.status_code, headers, bytes(answer.body or b""))
        if isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError | OSError):
            return Unreachable(url, "the connection was lost")  # a gateway that ends just now, not another server
        if isinstance(error, InvalidHandshake | msgspec.MsgspecError):
            return NotAGateway(url, str(error))
        return Unreachable(url, str(error) or type(error).__name__)
