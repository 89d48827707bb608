"""A GPU, and which one a worker serves."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from xqueue_common.errors import ConfigError

RESERVE_MB = 512
"""Left alone of a real GPU unless told otherwise: the driver, and what else shows something on it."""

_ASKED = re.compile(r"(\d{1,4})(?:/(\d{1,4}))?\Z")


class Gpu(Struct, frozen=True, kw_only=True):
    """A GPU.

    Attributes:
        index: its number on this machine, in the order of the PCI bus.
        name: of the product.
        memory_mb: that it has for programs.
        uuid: what names it for good; empty for a simulated one.
        fake: it is simulated.
        shared_by: workers of this machine that serve it, as far as they were told of each other.
    """

    index: int
    name: str
    memory_mb: int
    uuid: str = ""
    fake: bool = False
    shared_by: int = 1


class Asked(NamedTuple):
    """Which GPU a worker is told to serve: that of a number, or, as one of several workers, the next in turn."""

    number: int
    of: int | None


def asked(text: str) -> Asked | None:
    """Read ``XQ_GPU``: ``1``, or ``1/4`` for the second of four workers; None if it is empty.

    Raises:
        ConfigError: it is neither.
    """
    if not text:
        return None
    match = _ASKED.match(text)
    if match is not None:
        given = Asked(int(match[1]), None if match[2] is None else int(match[2]))
        if given.of is None or given.number < given.of:
            return given
    msg = (
        f"XQ_GPU is {text!r}: give the number of a GPU (0: the first), 1/4 for the second of four workers, or none"
    )
    raise ConfigError(msg)


def choose(gpus: Sequence[Gpu], wanted: Asked | None) -> Gpu | None:
    """Return the GPU to serve, the first unless told otherwise; None if there are none.

    Raises:
        ConfigError: there is no GPU of that number.
    """
    if wanted is None:
        return gpus[0] if gpus else None
    if wanted.of is None:
        return _numbered(gpus, wanted.number)
    if not gpus:
        return None
    place = wanted.number % len(gpus)
    return structs.replace(gpus[place], shared_by=len(range(place, wanted.of, len(gpus))))


def _numbered(gpus: Sequence[Gpu], number: int) -> Gpu:
    if number < len(gpus):
        return gpus[number]
    seen = f"{len(gpus)}, numbered from 0" if gpus else "none (nvidia-smi -L lists those of the driver)"
    msg = f"XQ_GPU is {number}; GPUs seen here: {seen}"
    raise ConfigError(msg)


def visible(gpus: Sequence[Gpu], told: str | None) -> list[Gpu]:
    """Return those that ``CUDA_VISIBLE_DEVICES`` lets programs see, in its order; None: all.

    As CUDA reads it: numbers, or beginnings of UUIDs; at the first that names no GPU the list ends.
    """
    if told is None:
        return list(gpus)
    seen: list[Gpu] = []
    for word in told.split(","):
        named = [gpu for gpu in gpus if _names(word.strip(), gpu)]
        if len(named) != 1:
            break
        seen += named
    return seen


def _names(word: str, gpu: Gpu) -> bool:
    if word.isdecimal():
        return int(word) == gpu.index
    return bool(word) and gpu.uuid.startswith(word)


def offered_mb(gpu: Gpu | None, *, told_mb: int | None, reserve_mb: int | None) -> int:
    """Return the memory that a worker's models and attempts may take, in MB: what it is told, else its share."""
    if told_mb is not None:
        return told_mb
    if gpu is None:
        return 0
    reserve_mb = (0 if gpu.fake else RESERVE_MB) if reserve_mb is None else reserve_mb
    return max(0, gpu.memory_mb - reserve_mb) // gpu.shared_by


def environment(gpu: Gpu | None) -> dict[str, str]:
    """Return the variables with which a process sees this GPU alone; none without a GPU."""
    if gpu is None:
        return {}
    # By number only in the order in which we count: CUDA's own puts the fastest first.
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": gpu.uuid or str(gpu.index)}
