"""An artifact that is being written."""

from msgspec import Struct, field

from xqueue_common.artifacts import layout
from xqueue_common.artifacts.artifact import (
    DEFAULT_TYPE,
    Artifact,
    Record,
    fault_of_name,
    fault_of_type,
    new_id,
)
from xqueue_common.errors import ArtifactTooLarge
from xqueue_common.moments import moment

HOUR_MS = 3_600_000


class Draft(Struct, frozen=True, kw_only=True):
    """What is known of an artifact before its bytes are.

    Attributes:
        tenant: whose it will be.
        begun_ms: when its writing began.
        content_type: its media type.
        name: what it is called.
        ttl_ms: how long it is kept from its completion; None: with its task.
        task_id: the task that writes it.
        attempt: which attempt of that.
        max_bytes: largest that it may become.
        id: its id.
    """

    tenant: str
    begun_ms: int
    content_type: str = DEFAULT_TYPE
    name: str | None = None
    ttl_ms: int | None = None
    task_id: str | None = None
    attempt: int = 0
    max_bytes: int
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        """Refuse what could not be said of it.

        Raises:
            ValueError: the content type or the name is none.
        """
        fault = fault_of_type(self.content_type) or (None if self.name is None else fault_of_name(self.name))
        if fault:
            raise ValueError(fault)

    def look_ms(self, now_ms: int) -> int:
        """When the sweep looks at it first."""
        return now_ms + (HOUR_MS if self.ttl_ms is None else self.ttl_ms)

    @property
    def due(self) -> str:
        """The entry that is written before the first byte."""
        return layout.due(self.look_ms(self.begun_ms), self.id)

    def grown(self, size: int, more: int) -> int:
        """Return the size after ``more`` bytes.

        Raises:
            ArtifactTooLarge: it may not become as large.
        """
        if size + more > self.max_bytes:
            raise ArtifactTooLarge(self.max_bytes)
        return size + more

    def record(self, size: int, now_ms: int) -> Record:
        """Return what is known of it now that it is complete."""
        artifact = Artifact(
            id=self.id,
            tenant=self.tenant,
            content_type=self.content_type,
            size=size,
            name=self.name,
            created_at=moment(now_ms),
            expires_at=None if self.ttl_ms is None else moment(now_ms + self.ttl_ms),
        )
        return Record(artifact=artifact, task_id=self.task_id, attempt=self.attempt)
