"""A batch handler as places call handlers: once, with one context, which has all members behind it."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import msgspec

from xqueue_worker import outcome
from xqueue_worker.artifacts import results
from xqueue_worker.context import Context, Facts
from xqueue_worker.handler import Handler
from xqueue_worker.outcome import Ending
from xqueue_worker.said import Level, Said


class Member(NamedTuple):
    """One attempt of a call: what its handler sees, and its payload as JSON."""

    ctx: Context
    payload: bytes | msgspec.Raw


class CallContext(Context):
    """All contexts of a call as one: it is cancelled when all are, and what it logs stands in the log of each.

    Attributes:
        endings: how each member ended by itself; None until that is known.
    """

    __slots__ = ("_members", "endings")

    def __init__(self, members: Sequence[Member]) -> None:
        self._members: Sequence[Member] = ()  # what the base class begins with is not meant for them
        ctx = members[0].ctx
        facts = Facts(ctx.task_id, ctx.attempt, ctx.tenant, ctx.labels, ctx.deadline, model=ctx.model)
        super().__init__(facts, _unheard)
        self._members = members
        self.endings: list[Ending | None] = [None] * len(members)

    @property
    def cancelled(self) -> bool:
        """Whether all must stop."""
        return all(member.ctx.cancelled for member in self._members)

    @cancelled.setter
    def cancelled(self, value: bool) -> None:
        for member in self._members:
            member.ctx.cancelled = value

    @property
    def state(self) -> Any:
        """What ``setup`` has returned."""
        return self._members[0].ctx.state

    @state.setter
    def state(self, value: Any) -> None:
        for member in self._members:
            member.ctx.state = value

    def log(self, message: str, level: Level = "info") -> None:
        """Add a line to the log of each task: libraries do not know whom they work for."""
        for member in self._members:
            member.ctx.log(message, level)

    def lists(self, handler: Handler) -> tuple[list[Context], list[Any]]:
        """Return the contexts and payloads to call with; what cannot be read has ended and is left out."""
        ctxs, payloads = [], []
        for n, member in enumerate(self._members):
            try:
                payloads.append(handler.read(member.payload))
            except outcome.READ_ERRORS as error:
                self.endings[n] = outcome.of_payload(error)
            except Exception as error:  # noqa: BLE001  # a payload class's own code may raise anything
                self.endings[n] = outcome.of_error(error)
            else:
                ctxs.append(member.ctx)
        return ctxs, payloads

    async def take(self, returned: object) -> None:
        """Note what the handler returned, for each member that it was called with."""
        for n, element in self._elements(returned):
            self.endings[n] = _own(element) or await results.of(self._members[n].ctx, element)

    def take_here(self, returned: object) -> None:
        """Do so in this thread."""
        for n, element in self._elements(returned):
            self.endings[n] = _own(element) or results.of_here(self._members[n].ctx, element)

    def _elements(self, returned: object) -> list[tuple[int, object]]:
        called = [n for n, known in enumerate(self.endings) if known is None]
        if isinstance(returned, list) and len(returned) == len(called):
            return list(zip(called, returned, strict=True))
        wrong = _wrong(returned, len(called))
        for n in called:
            self.endings[n] = wrong
        return []


class Calling(Handler):
    """A batch handler that is called with a ``CallContext``; what each member came to is noted there.

    It has all that its handler has, but reads no payload: the context does, one after the other.
    """

    def __init__(self, handler: Handler) -> None:
        for name in Handler.__slots__:
            setattr(self, name, getattr(handler, name))
        self.function = (_awaited if handler.is_async else _called)(handler)
        self._handler = handler

    __slots__ = ("_handler",)

    def read(self, payload: bytes | msgspec.Raw) -> None:
        """Read nothing."""

    def prepare(self) -> None:
        """Resolve the annotation of the handler itself."""
        self._handler.prepare()


def _called(handler: Handler) -> Callable[..., Any]:
    @wraps(handler.function)
    def call(ctx: CallContext, _payload: None) -> None:
        ctxs, payloads = ctx.lists(handler)
        if ctxs:
            ctx.take_here(handler.function(ctxs, payloads))

    return call


def _awaited(handler: Handler) -> Callable[..., Any]:
    @wraps(handler.function)
    async def call(ctx: CallContext, _payload: None) -> None:
        ctxs, payloads = ctx.lists(handler)
        if ctxs:
            await ctx.take(await handler.function(ctxs, payloads))

    return call


def _own(element: object) -> Ending | None:
    return outcome.of_error(element) if isinstance(element, BaseException) else None


def _wrong(returned: object, count: int) -> Ending:
    what = f"{len(returned)} elements" if isinstance(returned, list) else type(returned).__name__
    message = f"a batch handler returns a list, one element a payload: {count} payloads, but it returned {what}"
    return outcome.failed("invalid_result", message, retryable=False)


def _unheard(_said: Said) -> None:
    """Nobody speaks by this context itself."""
