"""What a worker and its child say to one another: msgpack structs, each behind its length.

The worker hands over ``Job``s, one after the other, as descriptors of files in memory. Of each the child says that
it was taken, ``Said`` things, how it ended, and then that it is idle, or it ends. Cancellation is SIGTERM.
"""

import struct
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from xqueue_worker.outcome import Ending
from xqueue_worker.said import Chunk, LogLine

MAX_FRAME_BYTES = 1024 * 1024
_SIZE = struct.Struct(">I")


class JobMember(Struct, frozen=True):
    """One attempt of a batch; as in ``Job``."""

    task_id: str
    attempt: int
    tenant: str
    labels: dict[str, str]
    deadline: float
    payload: bytes
    parents: bytes
    model: str | None


class Job(Struct, frozen=True):
    """What to run.

    Attributes:
        path: where modules are found, as in the worker.
        module: the module of the handler.
        type: the task type.
        deadline: see ``Context``.
        recycle_after: attempts that the process may run in all.
        memory_mb: memory of its own that it may have; None: as much as there is.
        payload: as JSON.
        parents: likewise, of ``Parent`` by task id; empty if there are none.
        model: that the task names.
        members: of a batch; what speaks of one attempt above then means nothing, but for the model.
    """

    path: list[str]
    module: str
    type: str
    task_id: str
    attempt: int
    tenant: str
    labels: dict[str, str]
    deadline: float
    payload: bytes
    parents: bytes = b""
    recycle_after: int = 1
    memory_mb: int | None = None
    model: str | None = None
    members: list[JobMember] = []


class TakenFrame(Struct, frozen=True, tag="taken"):
    """The job was read: from here on what becomes of it may be the handler's doing."""


class LoadedFrame(Struct, frozen=True, tag="loaded"):
    """The handler's ``setup`` has returned, after so many seconds."""

    seconds: float


class ProgressFrame(Struct, frozen=True, tag="progress"):
    """How far the attempt is."""

    percent: float
    message: str | None


class LogFrame(Struct, frozen=True, tag="log"):
    """A line that the handler logged."""

    line: LogLine


class ChunkFrame(Struct, frozen=True, tag="chunk"):
    """A part of its result that the handler emitted."""

    chunk: Chunk


class EndFrame(Struct, frozen=True, tag="end"):
    """The handler has ended; what follows, if anything, is that the process is idle."""

    ending: Ending


class IdleFrame(Struct, frozen=True, tag="idle"):
    """Nothing of the attempt is left in the process: it can be given another one."""


class ItemFrame(Struct, frozen=True, tag="item"):
    """What is said of one attempt of a batch, by its place in it."""

    item: int
    frame: ProgressFrame | LogFrame | ChunkFrame | EndFrame


Frame = TakenFrame | LoadedFrame | ProgressFrame | LogFrame | ChunkFrame | EndFrame | IdleFrame | ItemFrame

encode = msgspec.msgpack.Encoder().encode
read_job = msgspec.msgpack.Decoder(Job).decode
_read_frame: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


class BadFrame(Exception):
    """What came from the child is not what a child says."""


def framed(frame: Frame) -> bytes:
    """Return a frame as bytes."""
    body = encode(frame)
    return _SIZE.pack(len(body)) + body


class Frames:
    """Cuts the bytes of a child into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that these bytes complete.

        Raises:
            BadFrame: they are no frames.
        """
        self._rest += data
        while len(self._rest) >= _SIZE.size:
            (size,) = _SIZE.unpack_from(self._rest)
            if size > MAX_FRAME_BYTES:
                msg = f"a frame of {size} bytes"
                raise BadFrame(msg)
            end = _SIZE.size + size
            if len(self._rest) < end:
                return
            yield _frame(bytes(self._rest[_SIZE.size : end]))
            del self._rest[:end]


def _frame(body: bytes) -> Frame:
    try:
        return _read_frame.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadFrame(str(error)) from error
