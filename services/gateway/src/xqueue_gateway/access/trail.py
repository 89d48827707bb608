"""The trail of administrative acts: who did what to whose things, and how it was answered."""

import structlog
from litestar.types import Scope

from xqueue_common.clock import Clock
from xqueue_common.codec import encode
from xqueue_common.errors import XQueueError
from xqueue_common.ids import new_uuid
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.registry.records import AuditRecord
from xqueue_gateway.access.caller import DEFAULT_TENANT, caller_of
from xqueue_gateway.access.principal import Principal
from xqueue_gateway.problems import Problem

log = structlog.get_logger(__name__)

_LONGEST = 512


class Trail:
    """The trail is responsible for every administrative act standing in the log before it is answered.

    An act that was done although the trail could not be written is in the gateway's log.
    """

    def __init__(self, log_of_acts: Batcher, *, clock: Clock) -> None:
        self._log = log_of_acts
        self._clock = clock

    async def note(self, scope: Scope, who: Principal, operation: str, status: int) -> None:
        """Write down an act."""
        record = self.record(scope, who, operation, status)
        try:
            await self._log.append(0, Outgoing(encode(record), record.tenant.encode()))
        except XQueueError as error:
            log.error("an administrative act is not in the trail", act=record, error=str(error))

    def record(self, scope: Scope, who: Principal, operation: str, status: int) -> AuditRecord:
        """Return what is written down of an act."""
        now_ms = self._clock.now_ms()
        client = scope.get("client")
        return AuditRecord(
            id=new_uuid(now_ms),
            at_ms=now_ms,
            actor=who.actor,
            actor_tenant=who.tenant,
            tenant=_whose(scope, who),
            operation=operation,
            target=scope["path"][:_LONGEST],
            status=status,
            address=client[0] if client else "",
        )


def _whose(scope: Scope, who: Principal) -> str:
    try:
        return caller_of(scope).tenant
    except Problem:  # what was refused is written down as well
        return DEFAULT_TENANT if who.operator else who.tenant
