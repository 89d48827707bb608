"""The keys of an issuer of tokens that the operator trusts, fetched from where it publishes them (JWKS)."""

import asyncio
from typing import NamedTuple

import aiohttp
import jwt
import structlog

from xqueue_common.clock import Clock
from xqueue_common.errors import Unavailable
from xqueue_gateway.access.problems import no_good_token
from xqueue_gateway.access.tokens import Claims, claims_in

log = structlog.get_logger(__name__)

_PATIENCE_S = 5.0
_FRESH_MS = 600_000
_AGAIN_MS = 10_000
_MOST_BYTES = 256 * 1024
_ALGORITHMS = {"RSA": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], "EC": ["ES256", "ES384", "ES512"]}
_EDWARDS = ["EdDSA"]


class Trust(NamedTuple):
    """What an issuer's token must say: texts; empty ones are not asked for."""

    url: str
    issuer: str
    audience: str


class Issuer:
    """The issuer is responsible for judging tokens by the keys that somebody else publishes.

    The keys are fetched when they are needed, every ten minutes at most, and at once when a token names one that is
    not known, but not more often than every ten seconds. While they cannot be fetched the last ones stay.
    """

    def __init__(self, trust: Trust, *, clock: Clock) -> None:
        self._trust = trust
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_ms: int | None = None
        self._asked_ms: int | None = None
        self._fetching = asyncio.Lock()

    async def read(self, token: str) -> Claims:
        """Return what a token of this issuer says.

        Raises:
            Problem: 401, it is not good.
            Unavailable: the issuer's keys have never been seen.
        """
        key = await self._key_of(token)
        issuer, audience = self._trust.issuer or None, self._trust.audience or None
        return claims_in(token, key.key, algorithms_of(key), issuer=issuer, audience=audience)

    async def _key_of(self, token: str) -> jwt.PyJWK:
        try:
            named = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError) as error:
            raise no_good_token(str(error)) from error
        if self._stale() or named not in self._keys:
            await self._fetch()
        key = self._keys.get(named)
        if key is None and self._fetched_ms is None:
            part, reason = "issuer", "its keys cannot be fetched"
            raise Unavailable(part, reason)
        if key is None:
            reason = "its issuer has no such key"
            raise no_good_token(reason)
        return key

    def _stale(self) -> bool:
        return self._fetched_ms is None or self._clock.monotonic_ms() - self._fetched_ms > _FRESH_MS

    async def _fetch(self) -> None:
        async with self._fetching:
            now_ms = self._clock.monotonic_ms()
            if self._asked_ms is not None and now_ms - self._asked_ms < _AGAIN_MS:
                return
            self._asked_ms = now_ms
            try:
                self._keys = keys_in(await _get(self._trust.url))
                self._fetched_ms = now_ms
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, jwt.PyJWTError) as error:
                log.warning("the issuer's keys cannot be fetched", error=str(error) or type(error).__name__)


async def _get(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
        answer.raise_for_status()
        return await answer.content.read(_MOST_BYTES)


def keys_in(body: bytes) -> dict[str | None, jwt.PyJWK]:
    """Return the keys of a set that we can judge by, by id; symmetric ones are none: they are no secret here.

    Raises:
        ValueError, PyJWTError: it is no such set, or has no such key.
    """
    found = jwt.PyJWKSet.from_json(body.decode())
    return {key.key_id: key for key in found.keys if algorithms_of(key) and key.public_key_use in (None, "sig")}


def algorithms_of(key: jwt.PyJWK) -> list[str]:
    """Return by which algorithms a key of its kind may sign; a token never chooses another kind."""
    return _EDWARDS if key.key_type == "OKP" else _ALGORITHMS.get(key.key_type or "", [])
