"""Keys, from the first to the last, with the real door: the command makes them, the SDK asks with them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from integration.gateway.played import playing
from integration.gateway.running import Door, gateway

from xqueue_client import AsyncClient, NotAuthenticated, NotPermitted, StatusEvent, TooManyRequests
from xqueue_client.command.__main__ import main
from xqueue_embedded import Kafka, Redis

OPERATORS = "xq_" + "o" * 43
Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
async def locked(kafka: Kafka, redis_server: Redis, state_dir: Path) -> AsyncIterator[Door]:
    """A gateway that knows its operator, as `just up` starts it."""
    settings = {"operator_key": OPERATORS, "jwt_secret": "s" * 32, "tier_requests": "standard=1000,slow=1"}
    history = f"sqlite:///{state_dir / 'history.db'}"
    async with playing(kafka, redis_server, state_dir.name, history) as cell, gateway(cell, **settings) as door:
        (state_dir / "endpoints.json").write_bytes(msgspec.json.encode({"gateway": {"url": door.url}}))
        yield door


@pytest.fixture
def xqueue(state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command as somebody at that installation."""
    for name in ("XQ_URL", "XQ_TENANT", "XQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XQ_STATE_DIR", str(state_dir))

    async def run(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, arguments)
        return (status, *capsys.readouterr())

    return run


def tell_operators_key(state_dir: Path) -> None:
    """Write it where `just up` does."""
    (state_dir / "operator.key").write_text(f"{OPERATORS}\n")


async def made(xqueue: Run, *flags: str) -> dict[str, Any]:
    """Return a key that the command has made."""
    status, out, news = await xqueue("keys", "create", *flags, "--json")
    assert (status, news) == (0, "")
    issued: dict[str, Any] = msgspec.json.decode(out)
    return issued


async def lists(url: str, key: str | None) -> bool:
    """Whether tasks may be listed with this key; raises why not."""
    async with AsyncClient(url, api_key=key, retry_for=0) as client:
        return [task async for task in client.list()] == []


async def test_from_the_first_key_to_the_last(locked: Door, xqueue: Run, state_dir: Path) -> None:
    assert await lists(locked.url, None)  # nobody has made a key yet

    first = await made(xqueue, "--tenant", "acme", "--role", "submit,read", "--expires-in", "30d")

    assert (first["tenant"], sorted(first["roles"]), first["tier"]) == ("acme", ["read", "submit"], "standard")
    assert await lists(locked.url, first["key"])
    with pytest.raises(NotAuthenticated, match="set XQ_API_KEY"):
        await lists(locked.url, None)
    assert (await xqueue("keys", "list"))[0] == 4

    tell_operators_key(state_dir)
    status, out, _ = await xqueue("keys", "list")
    assert (status, first["id"] in out, first["key"] in out) == (0, True, False)
    rotated = (await xqueue("keys", "rotate", first["id"], "--overlap", "0"))[1].strip()
    assert await lists(locked.url, rotated)
    with pytest.raises(NotAuthenticated):
        await lists(locked.url, first["key"])

    assert (await xqueue("keys", "revoke", first["id"]))[0] == 0
    with pytest.raises(NotAuthenticated):
        await lists(locked.url, rotated)
    assert "revoked" in (await xqueue("keys", "list"))[1]
    assert (await xqueue("keys", "revoke", "key_of_nobody"))[0] == 4


async def test_a_key_does_what_its_roles_say_and_may_be_exchanged(
    locked: Door, xqueue: Run, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_operators_key(state_dir)
    reader = await made(xqueue, "--tenant", "acme", "--role", "read", "--note", "a reader")
    monkeypatch.setenv("XQ_API_KEY", reader["key"])

    async with AsyncClient(locked.url) as client:
        with pytest.raises(NotPermitted, match="xqueue keys create --role submit"):
            await client.submit("noop")
    status, token, _ = await xqueue("token", "--expires-in", "1h")

    assert status == 0
    assert await lists(locked.url, token.strip())
    status, _, problems = await xqueue("keys", "list")
    assert (status, "set XQ_API_KEY" in problems) == (4, True)


async def test_who_watches_with_a_key_that_is_revoked_is_told_so(
    locked: Door, xqueue: Run, state_dir: Path
) -> None:
    tell_operators_key(state_dir)
    both = await made(xqueue, "--tenant", "watched", "--role", "read,submit")

    async with AsyncClient(locked.url, api_key=both["key"]) as client:
        task = await client.submit("nobody-runs-this")
        events = client.watch(task_id=task.id)
        first = await anext(events)
        await xqueue("keys", "revoke", both["id"])
        with pytest.raises(NotAuthenticated):
            await anext(events)

    assert isinstance(first, StatusEvent)


async def test_who_asks_faster_than_its_tier_is_told_when_to_come_again(
    locked: Door, xqueue: Run, state_dir: Path
) -> None:
    tell_operators_key(state_dir)
    slow = await made(xqueue, "--tenant", "acme", "--role", "read", "--tier", "slow")

    assert await lists(locked.url, slow["key"])
    with pytest.raises(TooManyRequests) as caught:
        await lists(locked.url, slow["key"])

    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60
