"""Tokens: our own, and those of an issuer that the operator trusts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from unit.gateway.made import HeldClock

from xqueue_common.clock import SystemClock
from xqueue_common.errors import Unavailable
from xqueue_common.registry.records import Role
from xqueue_gateway.access.issuer import Issuer, Trust, keys_in
from xqueue_gateway.access.principal import Principal
from xqueue_gateway.access.tokens import Tokens, issuer_of
from xqueue_gateway.problems import Problem

SECRET = "s" * 64
WHO = Principal("acme", frozenset({Role.READ, Role.SUBMIT}), "key_0123456789abcdef", "standard")
FAR = 4_000_000_000
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
CLAIMS = {"sub": "ada", "tenant": "acme", "roles": ["read"], "exp": FAR}


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def refused(token: str, tokens: Tokens) -> str:
    with pytest.raises(Problem) as caught:
        tokens.read(token)
    assert caught.value.kind.status == 401
    return caught.value.detail


def test_a_token_says_what_its_key_says_as_long_as_it_lives() -> None:
    tokens = Tokens(SECRET, clock=SystemClock())

    token = tokens.issue(WHO, 60)

    claims = tokens.read(token)
    assert (claims.sub, claims.tenant, set(claims.roles), claims.tier) == (WHO.actor, "acme", WHO.roles, "standard")
    assert issuer_of(token) == "xqueue"
    assert "expired" in refused(tokens.issue(WHO, -60), tokens)


@pytest.mark.parametrize(
    "token",
    [
        signed(exp=None),
        signed(sub=None),
        signed(tenant=None),
        signed(tenant="a b"),
        signed(roles=["root"]),
        signed(roles=[]),
        signed("x" * 64),
        signed(algorithm="HS512"),
        jwt.encode(CLAIMS, None, algorithm="none"),
        signed() + "x",
        "a.b.c",
        "",
    ],
    ids=[
        "no exp",
        "no sub",
        "no tenant",
        "bad tenant",
        "no such role",
        "no role",
        "other secret",
        "other algorithm",
        "unsigned",
        "cut",
        "nonsense",
        "empty",
    ],
)
def test_what_is_no_good_token_of_ours_is_refused(token: str) -> None:
    refused(token, Tokens(SECRET, clock=SystemClock()))


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "x" * 10_000, "." * 100])
def test_what_is_no_token_has_no_issuer(text: str) -> None:
    assert issuer_of(text) is None


class Published:
    """A set of keys that an issuer publishes; counts how often it is asked for."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"one": RSA}
        self.asked = 0

    async def serve(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"keys": [_jwk(kid, key) for kid, key in self.keys.items()]})


def _jwk(kid: str, key: Any) -> dict[str, Any]:
    kind = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


@asynccontextmanager
async def publishing(published: Published) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/jwks", published.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    finally:
        await runner.cleanup()


async def test_a_token_of_a_trusted_issuer_is_judged_by_its_published_keys() -> None:
    published, clock = Published(), HeldClock()
    async with publishing(published) as url:
        issuer = Issuer(Trust(url, "https://id.example", "xqueue"), clock=clock)
        good = {"iss": "https://id.example", "aud": "xqueue"}

        claims = await issuer.read(signed(RSA, "RS256", "one", **good))
        assert (claims.sub, claims.tenant, claims.roles) == ("ada", "acme", [Role.READ])

        for token in (
            signed(RSA, "RS256", "one", **{**good, "iss": "https://evil.example"}),
            signed(RSA, "RS256", "one", **{**good, "aud": "other"}),
            signed(RSA, "RS256", "one", **{**good, "exp": 1}),
            signed(rsa.generate_private_key(public_exponent=65_537, key_size=2048), "RS256", "one", **good),
            signed(published.keys["one"].public_key().public_numbers().n.to_bytes(256), "HS256", "one", **good),
        ):
            with pytest.raises(Problem):
                await issuer.read(token)
        assert published.asked == 1


async def test_a_key_that_is_not_known_is_asked_for_but_not_with_every_token() -> None:
    published, clock = Published(), HeldClock()
    async with publishing(published) as url:
        issuer = Issuer(Trust(url, "", ""), clock=clock)
        await issuer.read(signed(RSA, "RS256", "one"))
        published.keys["two"] = ec.generate_private_key(ec.SECP256R1())
        token = signed(published.keys["two"], "ES256", "two")

        with pytest.raises(Problem, match="no such key"):
            await issuer.read(token)
        assert published.asked == 1
        clock.now += 11_000
        assert (await issuer.read(token)).sub == "ada"
        assert published.asked == 2


async def test_an_issuer_that_was_never_reached_is_no_fault_of_the_token() -> None:
    issuer = Issuer(Trust("http://127.0.0.1:9/jwks", "", ""), clock=HeldClock())

    with pytest.raises(Unavailable):
        await issuer.read(signed(RSA, "RS256", "one"))


def test_symmetric_keys_are_not_taken_from_a_published_set() -> None:
    secret = jwt.algorithms.HMACAlgorithm.to_jwk(b"s" * 32, as_dict=True)
    body = f'{{"keys": [{{"kty": "oct", "k": "{secret["k"]}", "kid": "one", "alg": "HS256"}}]}}'.encode()

    assert keys_in(body) == {}
