"""Task ids: UUIDs whose 12-bit ``rand_a`` field is the cell, so that a task is found without a look-up.

A plain submission gets a UUIDv7 (RFC 9562 §5.7). One with an idempotency key gets a UUIDv8 (§5.8) whose other
bits are derived from tenant, queue and key: the same submission is the same task, with no extra store. So are those
of a schedule's runs, from the schedule and the run's time, and those that run a dead letter again, from its id.
"""

import hashlib
import os
import re
import secrets

MAX_CELLS = 1 << 12
_VARIANT = 0b10 << 62
_LOW_62 = (1 << 62) - 1
_TASK_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def _chance() -> int:
    return int.from_bytes(os.urandom(8), "big")  # `secrets` goes a longer way to the same


def _text(high: int, version: int, cell: int, low: int) -> str:
    if not 0 <= cell < MAX_CELLS:
        msg = f"cell {cell} is not in 0..{MAX_CELLS - 1}"
        raise ValueError(msg)
    bits = (high & 0xFFFFFFFFFFFF) << 80 | version << 76 | cell << 64 | _VARIANT | low & _LOW_62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_task_id(cell: int, now_ms: int, chance: int | None = None) -> str:
    """Return a UUIDv7 for a task of ``cell`` submitted at ``now_ms``.

    Args:
        cell: 0 to 4095.
        now_ms: wall time in ms since 1970.
        chance: 62 random bits; drawn here when not given.
    """
    return _text(now_ms, 7, cell, _chance() if chance is None else chance)


def new_uuid(now_ms: int) -> str:
    """Return a UUIDv7 for anything but a task."""
    return _text(now_ms, 7, secrets.randbelow(MAX_CELLS), secrets.randbits(62))


def idempotent_task_id(cell: int, tenant: str, queue: str, key: str) -> str:
    """Return the UUIDv8 that stands for this idempotency key of this tenant in this queue."""
    return _derived(cell, tenant, queue, key)


def submitted_task_id(cell: int, tenant: str, queue: str, key: str | None, now_ms: int) -> str:
    """Return the id of a submission: a new one without an idempotency key."""
    return new_task_id(cell, now_ms) if key is None else idempotent_task_id(cell, tenant, queue, key)


def run_task_id(cell: int, tenant: str, schedule_id: str, due_ms: int) -> str:
    """Return the UUIDv8 of what a schedule submits for this time: a run that is appended twice is one task."""
    return _derived(cell, "schedule", tenant, schedule_id, str(due_ms))


def redrive_task_id(cell: int, task_id: str) -> str:
    """Return the UUIDv8 of the task that runs a dead letter again: one that is redriven twice is one task."""
    return _derived(cell, "redrive", task_id)


def _derived(cell: int, *names: str) -> str:
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    parts = b"".join(len(p).to_bytes(4, "big") + p for p in (s.encode() for s in names))
    digest = hashlib.sha256(parts).digest()
    return _text(int.from_bytes(digest[:6], "big"), 8, cell, int.from_bytes(digest[6:14], "big"))


def is_task_id(text: str) -> bool:
    """Whether this is the canonical text of a task id (lower case, version 7 or 8)."""
    return _TASK_ID.match(text) is not None


def cell_of(task_id: str) -> int:
    """Return the cell that a task id names."""
    return int(task_id[15:18], 16)


def submitted_ms(task_id: str) -> int | None:
    """Return the wall time in ms embedded in a task id, or None for one derived from an idempotency key."""
    return int(task_id[:8] + task_id[9:13], 16) if task_id[14] == "7" else None
