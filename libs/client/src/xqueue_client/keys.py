"""API keys in the hands of plain code: `client.keys`."""

from collections.abc import Sequence
from typing import Unpack

from xqueue_client.http import key_calls as calls
from xqueue_client.http.doors import Door
from xqueue_client.key import ApiKey, IssuedKey, KeyOptions, Role


class Keys:
    """What can be done to API keys. Each method raises `NotFound` where there is none of that id."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def create(self, roles: Sequence[Role], **options: Unpack[KeyOptions]) -> IssuedKey:
        """Make a key with these roles; its `key` is told this once only.

        It is not tried again after a lost answer: a key may be in the list then that nobody knows.

        Raises:
            InvalidRequest: something of it is not valid.
            NotAllowed: who asks may not make such a key.
        """
        return self._door.send(calls.create_key(roles, options))

    def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        return self._door.send(calls.list_keys()).items

    def get(self, key_id: str) -> ApiKey:
        """Return what is known of a key."""
        return self._door.send(calls.get_key(key_id))

    def revoke(self, key_id: str) -> None:
        """Let a key be worth nothing, from now on."""
        self._door.send(calls.revoke_key(key_id))

    def rotate(self, key_id: str, *, overlap: float | None = None) -> IssuedKey:
        """Replace a key; the old one goes on for `overlap` seconds, an hour if left out.

        It is not tried again after a lost answer: nobody may know the new key then; rotate once more.
        """
        return self._door.send(calls.rotate_key(key_id, overlap))
