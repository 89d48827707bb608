"""Every error that XQueue raises on purpose.

::

    XQueueError
    ├── ConfigError        a setting is missing or wrong: names the variable, never retried
    ├── Undecodable        a record or message cannot be read: goes to xq.dead, never retried
    ├── RecordTooLarge     a record exceeds what Kafka takes: refused before it is sent, never retried
    ├── ArtifactTooLarge   an artifact exceeds what the installation takes: nothing of it is kept, never retried
    ├── PositionLost       a log no longer holds the position to go on from: an alarm, never retried
    ├── OutcomeUnknown     a produce was not answered in time: retried under the same id by whoever asked
    ├── FunctionFailed     a Redis function broke off in the middle: the cell is taken again and rebuilt
    └── Unavailable        a broker or store is away: retried after a while
"""


class XQueueError(Exception):
    """Base of all errors raised by XQueue."""


class ConfigError(XQueueError):
    """A setting is missing or wrong; the message names the variable and the remedy."""


class Undecodable(XQueueError):
    """Bytes that are not the record they should be.

    Attributes:
        reason: what is wrong with them, in words for an operator.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RecordTooLarge(XQueueError):
    """A record exceeds what the topic takes.

    Attributes:
        size: its size in bytes.
        limit: what is allowed, in bytes.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the record has {size} bytes, {limit} are allowed")
        self.size = size
        self.limit = limit


class ArtifactTooLarge(XQueueError):
    """An artifact exceeds what the installation takes.

    Attributes:
        limit: what is allowed, in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"the artifact has more than the {limit} bytes that XQ_ARTIFACT_MAX_BYTES allows")
        self.limit = limit


class PositionLost(XQueueError):
    """A partition no longer holds the offset to read on from: its retention was outrun."""

    def __init__(self, topic: str, partition: int, offset: int | None) -> None:
        super().__init__(f"{topic}-{partition} no longer holds offset {offset}")
        self.topic = topic
        self.partition = partition
        self.offset = offset


class OutcomeUnknown(XQueueError):
    """A produce failed or was not answered in time: the records may or may not be in the log."""


class FunctionFailed(XQueueError):
    """A Redis function broke off in the middle."""


class Unavailable(XQueueError):
    """Something that XQueue depends on is away.

    Attributes:
        part: which one (kafka, redis, history, artifacts …).
    """

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part} is unavailable: {reason}")
        self.part = part
