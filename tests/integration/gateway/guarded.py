"""A gateway that asks for keys, what one tenant has there, and a request for every operation."""

import re
from typing import Any, NamedTuple

import msgspec
from integration.gateway.played import PlayedCell
from integration.gateway.running import Answer, Door
from msgspec import Raw

from xqueue_common.lifecycle import Status
from xqueue_common.registry.records import ANY_TENANT, Role
from xqueue_common.webhooks import Delivery, DeliveryState
from xqueue_gateway.http.operation import Operation

OWN, OTHER = "own", "other"
MARK = "mark-of-own"
"""In everything that is the tenant's own; in no answer to anybody else."""
KEY = "hot"

_PARAMETER = re.compile(r"\{(\w+)\}")


class Who(NamedTuple):
    """Somebody who asks: nobody at all, a role of a tenant, or an operator."""

    name: str
    tenant: str | None = None
    role: Role | None = None

    def may(self, operation: Operation) -> bool:
        """Whether the contract lets them do this (api.md §2)."""
        if operation.role is None:
            return True
        return self.role in (operation.role, Role.ADMIN)


NOBODY = Who("nobody")
SUBMITTER, READER, ADMIN = (Who(f"{role} of own", OWN, role) for role in Role)
STRANGER = Who("admin of other", OTHER, Role.ADMIN)
OPERATOR = Who("operator", ANY_TENANT, Role.ADMIN)
EVERYBODY = (NOBODY, SUBMITTER, READER, ADMIN, OPERATOR)


class Guarded:
    """The gateway, a key for everybody, and what the tenant ``own`` has."""

    def __init__(self, played: PlayedCell, door: Door, operator_key: str) -> None:
        self._played = played
        self._door = door
        self._operator_key = operator_key
        self.keys: dict[Who, str] = {}
        self._ids: dict[str, str] = {}

    async def prepare(self) -> None:
        """Make the keys, and one of everything."""
        for who in (*EVERYBODY, STRANGER):
            if who.role is not None:
                self.keys[who] = (await self._make_key(who))["key"]
        self._ids["keys"] = (await self._make_key(Who("spare", OWN, Role.READ)))["id"]
        task = await self._made("POST", "/api/v1/tasks", {"type": "noop", "labels": {"mark": MARK}, "delay": 3_000})
        self._ids["task"] = task["task_id"]
        await self._made("PUT", f"/api/v1/limits/key/{KEY}", {"weight": 2})
        schedule = {"id": "nightly", "every": 3_000, "task": {"type": "noop", "labels": {"mark": MARK}}}
        self._ids["schedules"] = (await self._made("POST", "/api/v1/schedules", schedule))["id"]
        webhook = {"url": "https://example.com/hook", "description": MARK}
        self._ids["webhooks"] = (await self._made("POST", "/api/v1/webhooks", webhook))["id"]
        delivery = _delivery(task["task_id"], self._ids["webhooks"])
        await self._played.keep_deliveries(delivery)
        self._ids["deliveries"] = delivery.id
        artifact = await self.ask(ADMIN, "POST", "/api/v1/artifacts", content=MARK.encode())
        self._ids["artifacts"] = artifact.json()["id"]

    async def ask(self, who: Who, method: str, path: str, **more: Any) -> Answer:
        """Send a request with somebody's key."""
        headers = more.pop("headers", {})
        if who in self.keys:
            headers = {**headers, "Authorization": f"Bearer {self.keys[who]}"}
        return await self._door.bare(method, path, headers=headers, **more)

    async def perform(self, who: Who, operation: Operation) -> Answer:
        """Ask for an operation on what ``own`` has."""
        more: dict[str, Any] = {}
        if operation.body is not None and not operation.form:
            more["content"] = msgspec.json.encode(BODIES.get(operation.name, {}))
            more["headers"] = {"Content-Type": "application/json"}
        if operation.name == "get_events":
            # Or it would follow the task for ever.
            more["headers"] = {"Last-Event-ID": "x"}
        return await self.ask(who, operation.method, self.path(operation), **more)

    def path(self, operation: Operation) -> str:
        """Return the path of an operation on what ``own`` has."""

        def filled(match: re.Match[str]) -> str:
            kind = operation.path.removeprefix("/api/v1/").partition("/")[0]
            match match[1]:
                case "task_id":
                    return self._ids["task"]
                case "id":
                    return self._ids[kind]
                case "file":
                    return "swagger-ui.css"
                case "kind":
                    return "key"
                case "name":
                    return KEY if kind == "limits" else "default"
            message = f"the matrix does not know what {match[0]} of {operation.path} is"
            raise LookupError(message)

        return _PARAMETER.sub(filled, operation.path)

    async def _make_key(self, who: Who) -> dict[str, Any]:
        note = MARK if who.tenant == OWN else ""
        body = {"tenant": who.tenant, "roles": [who.role], "tier": "unpaced", "note": note}
        headers = {"Authorization": f"Bearer {self._operator_key}", "Content-Type": "application/json"}
        answer = await self._door.bare("POST", "/api/v1/keys", content=msgspec.json.encode(body), headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def _made(self, method: str, path: str, body: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        answer = await self.ask(ADMIN, method, path, content=msgspec.json.encode(body), headers=headers)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made


def _delivery(task_id: str, webhook_id: str) -> Delivery:
    return Delivery(
        id=f"msg_{'0' * 40}",
        task_id=task_id,
        tenant=OWN,
        owner=OWN,
        event=Status.FAILED,
        url=f"https://example.com/{MARK}",
        state=DeliveryState.FAILED,
        body=Raw(b"{}"),
        created_ms=1,
        begun_ms=1,
        updated_ms=1,
        subscription=webhook_id,
    )


BODIES: dict[str, Any] = {
    "set_priority": {"priority": 3},
    "put_limit": {"weight": 3},
    "put_schedule": {"every": 4_000, "task": {"type": "noop"}},
    "reorder_queue": {"task_ids": ["01900000-0000-7000-8000-000000000000"]},
}
"""Bodies that pass, where without one nothing would be looked for."""
