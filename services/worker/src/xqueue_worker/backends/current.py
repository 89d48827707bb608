"""How a handler gets at the pools of its worker."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from xqueue_common.codec import encode
from xqueue_worker.backends.calls import Answer, Call
from xqueue_worker.backends.errors import BackendUnavailable
from xqueue_worker.backends.pool import Pool
from xqueue_worker.context import Context

_pools: Mapping[str, Pool] | None = None
"""Those of the worker in this process, while it runs."""


@contextmanager
def installed(pools: Mapping[str, Pool]) -> Iterator[None]:
    """Let the handlers of this process use these pools within this block."""
    global _pools  # noqa: PLW0603  # handlers are plain functions: there is nobody to hand them their worker
    before, _pools = _pools, pools
    try:
        yield
    finally:
        _pools = before


def backend(name: str, ctx: Context) -> "Backend":
    """Return a pool, as one attempt may use it; for ``async def`` handlers on the worker's event loop.

    Raises:
        BackendUnavailable: this worker has no such pool; another one may.
        RuntimeError: no worker runs in this process: it is a child of one, or a test.
    """
    if _pools is None:
        msg = f"backend({name!r}): only async handlers on the worker's event loop can call backends"
        raise RuntimeError(msg)
    pool = _pools.get(name)
    if pool is None:
        known = ", ".join(sorted(_pools)) or "none"
        msg = f"this worker has no pool {name!r} (configured: {known}): name it in the file of XQ_BACKENDS"
        raise BackendUnavailable(msg)
    return Backend(pool, ctx)


class Backend:
    """A pool, as one attempt may use it: within its deadline, and for its tenant."""

    def __init__(self, pool: Pool, ctx: Context) -> None:
        self.settings = pool.settings
        self._pool = pool
        self._ctx = ctx

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: Callable[[], Any] | bytes | None = None,
        content_type: str | None = None,
        idempotent: bool = False,
        key: str | None = None,
    ) -> Answer:
        """Send a request to one of the servers and return its answer, whole.

        One that fails makes place for another if the call is idempotent, or surely was not sent. Being cancelled
        closes the connection.

        Args:
            path: behind the address of the server.
            json: the body, written as JSON.
            data: or the body as it is; a function makes it anew for each server: what it returns may be bytes, an
                async iterator of them, or an ``aiohttp.FormData``. ``Fail`` and ``Retry`` go through it.
            content_type: of ``data``, unless that brings its own.
            idempotent: whether it does no harm to do it twice; what only computes is.
            key: what a pool by key goes by; the tenant if left out.

        Raises:
            BackendUnavailable: no server could do it; the attempt is retried.
            BackendRefused: a server says that the request is wrong; final.
            BackendOutcomeUnknown: a call that is not idempotent may have been done; final.
        """
        kind = content_type if json is None else "application/json"
        body = encode(json) if json is not None else data
        call = Call(
            path,
            body if callable(body) else lambda: body,
            {"Content-Type": kind} if kind else {},
            idempotent,
            self._ctx.tenant if key is None else key,
        )
        return await self._pool.send(call, self._ctx.remaining)
