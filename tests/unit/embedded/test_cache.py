import asyncio
from pathlib import Path

import pytest

from xqueue_embedded.cache import cache_dir, filling


def test_the_operator_chooses_the_folder(cache: Path) -> None:
    assert cache_dir() == cache


def test_else_it_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XQ_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_dir() == tmp_path / "xqueue"


async def test_one_at_a_time_fills_a_folder(tmp_path: Path) -> None:
    order = []

    async def fill(name: str) -> None:
        async with filling(tmp_path):
            order.append(f"{name} begins")
            await asyncio.sleep(0)  # let the other one try
            order.append(f"{name} ends")

    await asyncio.gather(fill("a"), fill("b"))

    assert order == ["a begins", "a ends", "b begins", "b ends"]
