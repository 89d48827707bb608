"""What a webhook says."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from xqueue_client.snapshot import Snapshot


class Event(Struct, frozen=True, kw_only=True):
    """What a webhook told.

    Attributes:
        id: the same however often this is told to this receiver.
        type: what happened: the status that a task has got.
        timestamp: when it happened.
        data: about what.
    """

    id: str
    type: str
    timestamp: datetime
    data: Any

    @property
    def task(self) -> Snapshot:
        """The task as it stood then.

        Raises:
            msgspec.ValidationError: the event is about something else.
        """
        return msgspec.convert(self.data, Snapshot)
