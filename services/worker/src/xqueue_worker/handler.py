"""Handlers: functions that run tasks of one type, registered by ``@task`` when their module is imported."""

import inspect
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, TypeVar

import msgspec

from xqueue_worker import setups
from xqueue_worker.annotation import decoder_of
from xqueue_worker.batching.options import Batch, problem_of_batch
from xqueue_worker.errors import HandlerError
from xqueue_worker.process_options import ProcessOptions

Function = TypeVar("Function", bound=Callable[..., Any])

_TYPE = re.compile(r"[a-z][a-z0-9_.-]{0,63}\Z")
_ARGUMENTS = 2
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MAX_S = 30 * 86_400
_RECYCLE_AFTER = 1_000


class Isolation(Enum):
    """Where a handler runs."""

    LOOP = "loop"
    """An ``async def``: on the worker's event loop."""
    THREAD = "thread"
    """A ``def``: in a thread. Nobody can kill a thread: one that ignores ``ctx.cancelled`` keeps its slot."""
    PROCESS = "process"
    """In a child process that is killed, group and all, when it must stop and does not."""


class Handler:
    """A function that runs tasks of one type.

    Attributes:
        type: the task type.
        function: what is called with ``(ctx, payload)``.
        isolation: where.
        is_async: whether it is an ``async def``.
        timeout_ms: longest that it may run, or None; the shorter of this and the task's own timeout counts.
        setup: called once in each of its processes, by ``set_up``; what it returns is ``ctx.state``.
        recycle_after: attempts that one of its processes runs.
        memory_mb: memory that one of its processes may have; None: as much as there is.
        batch: its batches: it is called with lists. None: with one attempt at a time.
        batch_key: which of them go together, by their payload; None: those of the same model.
        gpu_memory_mb: GPU memory that an attempt needs, if its task does not ask for more.
    """

    __slots__ = (
        "_decode",
        "batch",
        "batch_key",
        "function",
        "gpu_memory_mb",
        "is_async",
        "isolation",
        "memory_mb",
        "recycle_after",
        "setup",
        "timeout_ms",
        "type",
    )

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        isolation: Isolation,
        timeout_s: float | None = None,
        process: ProcessOptions | None = None,
    ) -> None:
        process = process or ProcessOptions()
        self.type = name
        self.function = function
        self.isolation = isolation
        self.is_async = inspect.iscoroutinefunction(function)
        self.timeout_ms = None if timeout_s is None else max(1, round(timeout_s * 1000))
        self.setup = process.setup
        self.recycle_after = process.recycle_after or (_RECYCLE_AFTER if process.setup else 1)
        self.memory_mb = process.memory_mb
        self.batch: Batch | None = None
        self.batch_key: Callable[[Any], Any] | None = None
        self.gpu_memory_mb = process.gpu_memory_mb or 0
        self._decode: Callable[[Any], Any] | None = None

    @property
    def name(self) -> str:
        """Where the function is to be found, for people."""
        return f"{self.function.__module__}.{getattr(self.function, '__qualname__', self.function)}"

    def set_up(self, model: str | None) -> Any:
        """Return what the attempts of this model share; None without a ``setup``."""
        if self.setup is None:
            return None
        return self.setup(model) if setups.takes_model(self.setup) else self.setup()

    def read(self, payload: bytes | msgspec.Raw) -> Any:
        """Return the payload as what the function's second parameter is annotated with.

        Raises:
            msgspec.MsgspecError, UnicodeDecodeError, RecursionError: it is not that.
            HandlerError: nothing can be read as what the annotation says.
        """
        if self._decode is None:
            self.prepare()
        return self._decode(payload)  # type: ignore[misc]  # prepare() has set it

    def prepare(self) -> None:
        """Resolve the annotation; late, because it may name a class that stands below the function.

        Raises:
            HandlerError: names the function and what is wrong with its annotation.
        """
        try:
            self._decode = decoder_of(self.function, in_lists=self.batch is not None).decode
        except (NameError, TypeError) as error:
            msg = f"{self.name}: the payload's annotation cannot be used: {error}"
            raise HandlerError(msg) from error


REGISTRY: dict[str, Handler] = {}
"""All handlers of this process by type."""


def task(
    name: str,
    *,
    process_timeout: float | None = None,
    isolation: Literal["process"] | None = None,
    setup: Callable[..., Any] | None = None,
    recycle_after: int | None = None,
    memory_mb: int | None = None,
    batch: Batch | None = None,
    batch_key: Callable[[Any], Any] | None = None,
    gpu_memory_mb: int | None = None,
) -> Callable[[Function], Function]:
    """Make a function the handler of a task type.

    Args:
        name: the type, ``[a-z][a-z0-9_.-]{0,63}``.
        process_timeout: longest that it may run, in seconds; a shorter one of the task itself counts.
        isolation: ``"process"`` runs it in a child process; otherwise an ``async def`` runs on the event loop
            and a ``def`` in a thread.
        setup: called once in each child process before its first attempt, to load a model say; the attempts find
            what it returned in ``ctx.state``. What raises in it fails the attempt. It may take one parameter: the
            model that the task names, or None. A process serves attempts of one model only.
        recycle_after: attempts that a child process runs before another one takes its place: 1 unless told
            otherwise, 1,000 with a ``setup``. One that was stopped, or in which threads, processes or too much
            memory are left, is replaced at once.
        memory_mb: memory that a child process may have for data; beyond it, it gets ``MemoryError``.
        batch: call it with lists, of contexts and of payloads; it returns a list of results, an exception
            standing for the failure of one. See ``Batch`` and BATCHES.md.
        batch_key: a function of the payload; only attempts for which it returns the same go into one call.
        gpu_memory_mb: GPU memory that an attempt needs whose task asks for less, what its process keeps loaded
            included.

    Raises:
        HandlerError: the function cannot be a handler; says why.
    """
    if not isinstance(name, str):
        msg = f'@task on {getattr(name, "__qualname__", name)} names no type: write @task("my.type")'
        raise HandlerError(msg)

    def register(function: Function) -> Function:
        if not inspect.isroutine(function) and not callable(function):
            msg = f"@task({name!r}) stands on {function!r}, which is no function"
            raise HandlerError(msg)
        process = ProcessOptions(setup, recycle_after, memory_mb, gpu_memory_mb)
        handler = _handler(name, function, process_timeout, isolation, process)
        if problem := problem_of_batch(batch, batch_key):
            msg = f"@task({name!r}) on {getattr(function, '__qualname__', function)}: {problem}"
            raise HandlerError(msg)
        handler.batch, handler.batch_key = batch, batch_key
        known = REGISTRY.get(name)
        if known is not None and known.name != handler.name:
            msg = f"{handler.name}: type {name!r} is handled by {known.name} already"
            raise HandlerError(msg)
        REGISTRY[name] = handler
        return function

    return register


def _handler(
    name: str, function: Callable[..., Any], timeout_s: float | None, where: str | None, process: ProcessOptions
) -> Handler:
    problem = _problem(name, function, timeout_s, where) or process.problem(where)
    if problem:
        msg = f"@task({name!r}) on {getattr(function, '__qualname__', function)}: {problem}"
        raise HandlerError(msg)
    if where == "process":
        isolation = Isolation.PROCESS
    else:
        isolation = Isolation.LOOP if inspect.iscoroutinefunction(function) else Isolation.THREAD
    return Handler(name, function, isolation=isolation, timeout_s=timeout_s, process=process)


def _problem(name: str, function: Callable[..., Any], timeout_s: float | None, where: str | None) -> str | None:
    if not isinstance(name, str) or not _TYPE.match(name):
        return f"a type looks like {_TYPE.pattern[:-2]}"
    if where not in (None, "process"):
        return f"isolation is 'process' or left out, not {where!r}"
    if timeout_s is not None and not _is_span(timeout_s):
        return f"process_timeout is seconds above 0, at most 30 days, not {timeout_s!r}"
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        return "a handler returns its result, it does not yield"
    return _problem_of_parameters(function)


def _is_span(seconds: object) -> bool:
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= _MAX_S


def _problem_of_parameters(function: Callable[..., Any]) -> str | None:
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) == _ARGUMENTS and all(p.kind in _POSITIONAL for p in parameters):
        return None
    return f"a handler takes exactly (ctx, payload), not ({', '.join(p.name for p in parameters)})"
