"""API keys for asyncio: `client.keys`."""

from collections.abc import Sequence
from typing import Unpack

from xqueue_client.http import key_calls as calls
from xqueue_client.http.doors import AsyncDoor
from xqueue_client.key import ApiKey, IssuedKey, KeyOptions, Role


class AsyncKeys:
    """What can be done to API keys. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: AsyncDoor) -> None:
        self._door = door

    async def create(self, roles: Sequence[Role], **options: Unpack[KeyOptions]) -> IssuedKey:
        """Make a key with these roles; its `key` is told this once only.

        It is not tried again after a lost answer: a key may be in the list then that nobody knows.

        Raises:
            InvalidRequest: something of it is not valid.
            NotAllowed: who asks may not make such a key.
        """
        return await self._door.send(calls.create_key(roles, options))

    async def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        return (await self._door.send(calls.list_keys())).items

    async def get(self, key_id: str) -> ApiKey:
        """Return what is known of a key."""
        return await self._door.send(calls.get_key(key_id))

    async def revoke(self, key_id: str) -> None:
        """Let a key be worth nothing, from now on."""
        await self._door.send(calls.revoke_key(key_id))

    async def rotate(self, key_id: str, *, overlap: float | None = None) -> IssuedKey:
        """Replace a key; the old one goes on for `overlap` seconds, an hour if left out.

        It is not tried again after a lost answer: nobody may know the new key then; rotate once more.
        """
        return await self._door.send(calls.rotate_key(key_id, overlap))
