"""No address that is not public is connected to, whatever name led there, whenever."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from xqueue_notifier.webhooks.caller import Caller

REFUSED = "its address is not public"
PRIVATE = (
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fec0::1",
    "fd00::1",
    "ff02::1",
)


class PlayedResolver(AbstractResolver):
    """Answers with one list of addresses after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers: Iterator[list[str]] = iter(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return what comes next."""
        del family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in next(self._answers)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def calling(*answers: list[str], timeout_s: float = 5) -> AsyncIterator[Caller]:
    caller = Caller(allow_private=False, timeout_s=timeout_s, resolver=PlayedResolver(*answers))
    try:
        yield caller
    finally:
        await caller.close()


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_of_a_private_address_is_refused(address: str) -> None:
    async with calling([address]) as caller:
        answer = await caller.call("http://hook.example/", b"{}", {})
    assert (answer.error, answer.refused) == (REFUSED, True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254", "[fe80::1%25lo]", "0x7f.1"]
)
async def test_a_private_address_written_down_is_refused(host: str) -> None:
    async with calling(["127.0.0.1"]) as caller:
        assert (await caller.call(f"http://{host}/", b"{}", {})).error == REFUSED


async def test_a_name_with_several_private_addresses_is_refused() -> None:
    async with calling(["127.0.0.1", "::1", "10.0.0.1"]) as caller:
        assert (await caller.call("http://hook.example/", b"{}", {})).error == REFUSED


async def test_a_name_that_was_public_when_it_was_last_asked_for_is_judged_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = await asyncio.start_server(_serve, "127.0.0.1", 0)
    port = served.sockets[0].getsockname()[1]
    # For this test 127.0.0.1 is a public address, and 127.0.0.2 a private one.
    monkeypatch.setattr("xqueue_notifier.webhooks.guard.is_public", lambda address: str(address) == "127.0.0.1")
    async with served, calling(["127.0.0.1"], ["127.0.0.2"]) as caller:
        first = await caller.call(f"http://hook.example:{port}/", b"{}", {})
        forget_names(caller)
        second = await caller.call(f"http://hook.example:{port}/", b"{}", {})
    assert (first.status, second.error) == (204, REFUSED)


def forget_names(caller: Caller) -> None:
    connector = caller._session.connector
    assert isinstance(connector, TCPConnector)
    connector.clear_dns_cache()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"{}")
    writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http://\u2603.example\x00/", "nonsense", "http://a:99999/", ""]
)
async def test_an_address_that_makes_no_sense_is_a_failure_like_any_other(url: str) -> None:
    async with calling() as caller:
        answer = await caller.call(url, b"{}", {})
    assert answer.status is None
    assert answer.error
