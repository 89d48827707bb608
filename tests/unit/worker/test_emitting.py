"""What a handler may emit, and how much of it."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from xqueue_worker import BadChunk, Context, Fail, emitting
from xqueue_worker.context import Facts
from xqueue_worker.emitting import MAX_CHUNK_BYTES
from xqueue_worker.said import Chunk, LogLine, Said


@pytest.fixture
def said() -> list[Said]:
    return []


@pytest.fixture
def ctx(said: list[Said]) -> Context:
    return Context(Facts("task", 2, "tenant", {}, 0.0), said.append)


def chunks(said: list[Said]) -> list[tuple[int, Any]]:
    return [(chunk.index, msgspec.json.decode(chunk.data)) for chunk in said if isinstance(chunk, Chunk)]


async def test_any_json_is_a_chunk_and_chunks_are_numbered(ctx: Context, said: list[Said]) -> None:
    await ctx.emit({"token": "a"})
    ctx.emit(None)
    ctx.emit(["ü", 1.5])

    assert chunks(said) == [(0, {"token": "a"}), (1, None), (2, ["ü", 1.5])]


async def test_awaiting_lets_a_cancellation_in(ctx: Context) -> None:
    async def busy() -> None:
        while True:
            await ctx.emit(1)

    task = asyncio.create_task(busy())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def recursive() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "chunk", [object(), {object(): 1}, "\ud800", recursive(), msgspec.Raw(b"{nonsense"), msgspec.Raw(b'"\xff"')]
)
def test_what_is_no_json_is_refused_and_takes_no_number(ctx: Context, said: list[Said], chunk: object) -> None:
    with pytest.raises(BadChunk, match="the chunk is no JSON: "):
        ctx.emit(chunk)
    ctx.emit("next")

    assert chunks(said) == [(0, "next")]


def test_a_chunk_may_have_so_many_bytes_and_no_more(ctx: Context, said: list[Said]) -> None:
    largest = "x" * (MAX_CHUNK_BYTES - 2)  # and two quotes
    ctx.emit(largest)

    with pytest.raises(BadChunk, match="65537 bytes as JSON, 65536 are allowed"):
        ctx.emit(f"{largest}x")
    assert chunks(said) == [(0, largest)]


def test_a_bad_chunk_ends_its_task_for_good_unless_it_is_caught() -> None:
    assert issubclass(BadChunk, Fail)
    assert issubclass(BadChunk, ValueError)


@pytest.mark.parametrize(("name", "most"), [("MAX_CHUNKS", 3), ("MAX_EMITTED_BYTES", 3 * len("123"))])
def test_an_attempt_emits_so_much_and_one_line_says_that_there_was_more(
    monkeypatch: pytest.MonkeyPatch, ctx: Context, said: list[Said], name: str, most: int
) -> None:
    monkeypatch.setattr(emitting, name, most)

    for _ in range(10):
        ctx.emit(123)

    assert chunks(said) == [(0, 123), (1, 123), (2, 123)]
    lines = [line for line in said if isinstance(line, LogLine)]
    assert [line.level for line in lines] == ["warning"]
    assert "the rest is dropped" in lines[0].message


def test_threads_of_a_handler_never_share_a_number(ctx: Context, said: list[Said]) -> None:
    def emit() -> None:
        for _ in range(2_000):
            ctx.emit("x")

    threads = [threading.Thread(target=emit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(index for index, _ in chunks(said)) == list(range(8_000))
