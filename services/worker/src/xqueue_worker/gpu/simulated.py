"""GPUs that do not exist, for tests and trials: ``XQ_FAKE_GPUS=2x24GB``."""

import re

from xqueue_common.errors import ConfigError
from xqueue_worker.gpu.device import Gpu

MOST = 64
_MAX_MB = 1 << 24
_PART = re.compile(r"(?:(\d{1,3})\s*x\s*)?(\d{1,8}(?:\.\d{1,3})?)\s*(GB|MB)\Z", re.IGNORECASE)
_MB = {"MB": 1, "GB": 1024}


def simulated(text: str) -> list[Gpu]:
    """Return the GPUs of a set like ``2x24GB`` or ``24GB,512MB``; 1 GB is 1024 MB.

    Raises:
        ConfigError: it is no such set.
    """
    sizes = [size for part in text.split(",") for size in _sizes(part.strip())]
    if len(sizes) > MOST:
        msg = f"XQ_FAKE_GPUS has {len(sizes)} GPUs: {MOST} at most"
        raise ConfigError(msg)
    return [Gpu(index=index, name="simulated", memory_mb=size_mb, fake=True) for index, size_mb in enumerate(sizes)]


def _sizes(part: str) -> list[int]:
    match = _PART.match(part)
    count, size_mb = (int(match[1] or 1), round(float(match[2]) * _MB[match[3].upper()])) if match else (0, 0)
    if not (count and 1 <= size_mb <= _MAX_MB):
        msg = f"XQ_FAKE_GPUS: {part!r} is no GPU: write 24GB or 512MB, 2x24GB for two, commas between several"
        raise ConfigError(msg)
    return [size_mb] * count
