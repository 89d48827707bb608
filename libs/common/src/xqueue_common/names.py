"""The shapes of names and numbers that clients may choose, checked wherever they enter."""

from typing import Annotated

from msgspec import Meta

# `\Z`, not `$`: the latter accepts a trailing newline.
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z"
_TEXT = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
_MS_30_DAYS = 30 * 86_400_000

TaskType = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{0,63}\Z")]
QueueName = Annotated[str, Meta(pattern=_NAME)]
TenantName = Annotated[str, Meta(pattern=_NAME)]
ConcurrencyKey = Annotated[str, Meta(pattern=_TEXT, min_length=1, max_length=256)]
LabelName = Annotated[str, Meta(pattern=_TEXT, min_length=1, max_length=64)]
LabelValue = Annotated[str, Meta(pattern=_TEXT, max_length=256)]
Labels = Annotated[dict[LabelName, LabelValue], Meta(max_length=16)]
SettingName = Annotated[
    str,
    Meta(pattern=r"^(queue|limit/tenant|limit/type|limit/key|schedule|dead|purge)/[^\x00-\x1f\x7f-\x9f]{1,321}\Z"),
]
ModelName = Annotated[str, Meta(pattern=_TEXT, min_length=1, max_length=256)]
TASK_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
TaskId = Annotated[str, Meta(pattern=TASK_ID)]
ArtifactId = Annotated[str, Meta(pattern=r"^art_[A-Za-z0-9_-]{24}\Z")]

Priority = Annotated[int, Meta(ge=0, le=255)]
MaxConcurrency = Annotated[int, Meta(ge=1, le=1_000_000)]
Weight = Annotated[float, Meta(ge=0.001, le=1000)]
MaxRetry = Annotated[int, Meta(ge=0, le=100)]
TimeoutMs = Annotated[int, Meta(ge=1, le=_MS_30_DAYS)]
BackoffMs = Annotated[int, Meta(ge=0, le=_MS_30_DAYS)]
Share = Annotated[float, Meta(ge=0, le=1)]
Ms = Annotated[int, Meta(ge=0, le=1 << 52)]
"""A time in ms since 1970; below 2**53, so that every reader (Lua's numbers are doubles) holds it exactly."""
Offset = Annotated[int, Meta(ge=0, le=1 << 52)]
Count = Annotated[int, Meta(ge=0, le=1 << 52)]
DependsOn = Annotated[list[TaskId], Meta(min_length=1, max_length=100)]
Place = Annotated[int, Meta(ge=-(1 << 52), le=1 << 52)]
Slots = Annotated[int, Meta(ge=1, le=10_000)]
