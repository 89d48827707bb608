"""API keys and tokens over HTTP (api.md §2)."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.types import ASGIApp

from xqueue_gateway.access.caller import caller_of
from xqueue_gateway.access.door import Door
from xqueue_gateway.access.key_maker import KeyMaker
from xqueue_gateway.access.key_order import (
    KEY_HINTS,
    TOKEN_HINTS,
    KeyList,
    KeyOrder,
    RotateOrder,
    TokenAnswer,
    TokenOrder,
    show_key,
    show_new,
)
from xqueue_gateway.access.problems import no_key, no_tokens, token_for_key_only
from xqueue_gateway.access.tokens import Tokens
from xqueue_gateway.http.answers import UNKEPT, Answer, answer, nothing
from xqueue_gateway.http.body import read_body, read_optional, require_json
from xqueue_gateway.submissions.form import Form

Req = Request[Any, Any, Any]

_MOST_BYTES = 16 * 1024

_key = Form(KeyOrder, KEY_HINTS)
_rotation = Form(RotateOrder, KEY_HINTS)
_token = Form(TokenOrder, TOKEN_HINTS)


@dataclass(frozen=True, kw_only=True)
class KeyEndpoints:
    """One method an operation."""

    maker: KeyMaker
    tokens: Tokens
    door: Door

    async def create_key(self, request: Req) -> ASGIApp:
        """Make a key."""
        caller = caller_of(request.scope)
        require_json(request.scope)
        made = await self.maker.make(caller, _key.read(await read_body(request, _MOST_BYTES)))
        where = (b"location", f"/api/v1/keys/{made.key.id}".encode())
        return answer(show_new(*made), 201, [*UNKEPT, where])

    async def list_keys(self, request: Req) -> ASGIApp:
        """Return keys, without what opens the door."""
        return answer(KeyList([show_key(key) for key in self.maker.all(caller_of(request.scope))]))

    async def get_key(self, request: Req) -> ASGIApp:
        """Return a key, likewise."""
        return answer(show_key(self.maker.find(caller_of(request.scope), _id(request))))

    async def revoke_key(self, request: Req) -> ASGIApp:
        """Make a key worth nothing."""
        await self.maker.revoke(caller_of(request.scope), _id(request))
        return nothing()

    async def rotate_key(self, request: Req) -> ASGIApp:
        """Put another in a key's place."""
        body = await read_optional(request, _MOST_BYTES)
        order = _rotation.read(body) if body else RotateOrder()
        made = await self.maker.rotate(caller_of(request.scope), _id(request), order.overlap)
        return answer(show_new(*made), 200, UNKEPT)

    async def create_token(self, request: Req) -> Answer:
        """Give a token for a key."""
        who = await self.door.identify(request.scope)
        body = await read_optional(request, _MOST_BYTES)
        order = _token.read(body) if body else TokenOrder()
        if who.believed:
            raise no_key()
        if who.until_ms is not None:
            raise token_for_key_only()
        if not self.tokens.issues:
            raise no_tokens()
        return answer(TokenAnswer(self.tokens.issue(who, order.expires_in), order.expires_in), 200, UNKEPT)


def _id(request: Req) -> str:
    key_id: str = request.scope["path_params"]["id"]
    return key_id
