"""What came of a call to a handler: pure functions from its result or exception to an ``Ending``.

| error.kind | retryable | when |
|---|---|---|
| error | yes | any exception |
| retry | yes | ``raise Retry`` |
| final | no | ``raise Fail`` |
| backend_… | | what ``backends/errors.py`` lists |
| invalid_payload | no | the payload is not what the handler's annotation says; or its ``batch_key`` raised |
| invalid_result | no | the result cannot be written as JSON; or a batch handler did not return one for each |
| result_too_large | no | the result has more bytes than an artifact may, or than the task if there is no store |
| artifact_unavailable | yes | the store of artifacts is away, full or not configured |
| artifact_too_large | no | an artifact has more than ``XQ_ARTIFACT_MAX_BYTES`` |
| crash | yes | the child process died |
| setup | yes | the handler's ``setup`` raised an exception |
| out_of_memory | yes | ``MemoryError`` |
| gpu_memory | yes | it needs more GPU memory than this worker has |
| no_handler | yes | this worker does not know the type |
"""

import signal
import traceback
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_common.artifacts import Artifact
from xqueue_common.codec import encode
from xqueue_common.errors import ArtifactTooLarge, Unavailable
from xqueue_common.events import ErrorInfo
from xqueue_worker.artifacts.files import Files
from xqueue_worker.errors import Fail, Retry

MAX_TRACEBACK = 8 * 1024
MAX_ERROR = 4_000

CRASH = "crash"
SETUP = "setup"
NO_HANDLER = "no_handler"
NO_PAYLOAD = "the payload does not fit"


class Ending(Struct, frozen=True):
    """How a handler ended; without an error it succeeded.

    Attributes:
        result: what it returned, as JSON; None for ``None``, or if an artifact holds it.
        error: what went wrong.
        retry_after_ms: when the handler chose how long to wait.
        artifact: id of the artifact that it returned.
    """

    result: bytes | None = None
    error: ErrorInfo | None = None
    retry_after_ms: int | None = None
    artifact: str | None = None

    @property
    def crashed(self) -> bool:
        """Whether its process died without a word."""
        return self.error is not None and self.error.kind == CRASH


NOTHING = Ending()


def of_result(value: Any) -> Ending:
    """Return the ending of a handler that returned ``value``, however large it is; see ``artifacts.results``."""
    if value is None:
        return NOTHING
    if isinstance(value, (Artifact, Files)):
        return _of_artifact(value if isinstance(value, Artifact) else value.artifact)
    try:
        return Ending(encode(value))
    except Exception as error:  # noqa: BLE001  # encoding calls code of the value's class: anything may come
        return failed("invalid_result", f"the result is no JSON: {_words(error)}", retryable=False)


def _of_artifact(artifact: Artifact | None) -> Ending:
    if artifact is None:
        message = "the result is a file that is not stored: return it after its block has ended"
        return failed("invalid_result", message, retryable=False)
    return Ending(artifact=artifact.id)


def too_large(size: int, allowed: str) -> Ending:
    """Return the ending of a handler whose result is larger than ``allowed`` says."""
    return failed("result_too_large", f"the result has {size} bytes as JSON, {allowed}", retryable=False)


def of_error(error: BaseException) -> Ending:
    """Return the ending of a handler that raised ``error``."""
    match error:
        case Fail():
            return failed(error.kind, _words(error), retryable=False)
        case Retry(after=after):
            after_ms = None if after is None else round(after * 1000)
            return Ending(None, ErrorInfo(error.kind, _words(error)), after_ms)
        case Unavailable(part="artifacts"):
            return failed("artifact_unavailable", _words(error))
        case ArtifactTooLarge():
            return failed("artifact_too_large", _words(error), retryable=False)
        case MemoryError():
            return Ending(None, ErrorInfo("out_of_memory", _named(error), retryable=True, traceback=_trace(error)))
        case _:
            return Ending(None, ErrorInfo("error", _named(error), retryable=True, traceback=_trace(error)))


def of_setup(error: BaseException) -> Ending:
    """Return the ending of an attempt whose handler's ``setup`` raised ``error``."""
    return Ending(None, ErrorInfo(SETUP, _named(error), retryable=True, traceback=_trace(error)))


def of_payload(error: BaseException) -> Ending:
    """Return the ending of an attempt whose payload its handler cannot take; msgspec's words name the field."""
    return failed("invalid_payload", _words(error), retryable=False)


def of_batch_key(error: BaseException) -> Ending:
    """Return the ending of an attempt for whose payload its handler's ``batch_key`` raised ``error``."""
    return failed("invalid_payload", f"batch_key cannot tell whom it goes with: {_named(error)}", retryable=False)


def of_death(status: int) -> Ending:
    """Return the ending of a child that died with this exit status, negative for a signal, without a word."""
    return failed(CRASH, f"the handler's process {_death(status)}")


def too_little_memory(needs_mb: int, has_mb: int) -> Ending:
    """Return the ending of an attempt that needs more GPU memory than its worker has; another one may have it."""
    remedy = "ask for less, or run a worker with more (XQ_WORKER_GPU_MEMORY_MB; for trials XQ_FAKE_GPUS=24GB)"
    return failed("gpu_memory", f"needs {needs_mb} MB of GPU memory, this worker has {has_mb}: {remedy}")


def failed(kind: str, message: str, *, retryable: bool = True) -> Ending:
    """Return the ending of an attempt that failed with these words."""
    return Ending(None, ErrorInfo(kind, message[:MAX_ERROR], retryable=retryable))


READ_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a payload raises: the latter two are no ``MsgspecError``."""


def _death(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _words(error: BaseException) -> str:
    try:
        words = str(error)
    except Exception:  # noqa: BLE001  # a handler's exception may fail to print itself
        words = ""
    # A lone surrogate could not be written as JSON.
    return (words or type(error).__name__)[:MAX_ERROR].encode(errors="replace").decode()


def _named(error: BaseException) -> str:
    words, name = _words(error), type(error).__name__
    return name if words == name else f"{name}: {words}"[:MAX_ERROR]


def _trace(error: BaseException) -> str:
    # Without the frame that called the handler. The end of a traceback tells most.
    first = error.__traceback__.tb_next if error.__traceback__ else None
    try:
        text = "".join(traceback.format_exception(type(error), error, first))
    except Exception:  # noqa: BLE001  # see _words
        return ""
    data = text.encode(errors="replace")
    return data[-MAX_TRACEBACK:].decode(errors="ignore")
