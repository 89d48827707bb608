"""The demo's parts: its options, its pictures, and the room that it leaves."""

import asyncio
import base64
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import msgspec
import pytest
from rich.console import Console
from unit.embedded_demo.telling import STATS

from xqueue_client import AsyncClient
from xqueue_embedded.demo import feeder, needs, run
from xqueue_embedded.demo.board import Board
from xqueue_embedded.demo.customers import CUSTOMERS
from xqueue_embedded.demo.gentle import some
from xqueue_embedded.demo.options import DemoOptions, system_options
from xqueue_embedded.demo.pictures import picture, text


def test_slots_are_as_many_as_all_customers_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XQ_WORKER_SLOTS", raising=False)

    options = system_options(DemoOptions(state_dir=tmp_path, port=4711))

    assert options.env == {"XQ_WORKER_SLOTS": "6"}
    assert options.port == 4711
    assert options.programs["worker"][-2:] == ("-m", "xqueue_worker")


def test_a_worker_with_a_model_sees_half_of_the_cores_and_one_at_least() -> None:
    assert some({0}) == {0}
    assert some({0, 1}) == {1}
    assert some(set(range(16))) == {12, 13, 14, 15}


def test_without_the_model_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(needs, "_MODULES", ("no_such_module",))
    console = Console(record=True, width=200)

    status = asyncio.run(run.run_demo(DemoOptions(state_dir=tmp_path), console))

    assert status == 1
    assert f"no_such_module). Run: {needs.REMEDY}" in console.export_text()
    assert not list(tmp_path.iterdir())


def test_a_picture_has_two_lines_of_two_words() -> None:
    pytest.importorskip("PIL", reason="of the group `demo`")
    lines = text(Random(1))

    assert [len(words.split()) for words in lines] == [2, 2]
    assert picture(lines).startswith(b"\x89PNG")
    assert picture(lines) != picture(text(Random(2)))


async def test_orders_become_tasks_with_their_customers_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder, "picture", lambda lines: " ".join(lines).encode())
    gateway = Gateway()
    async with AsyncClient("http://gateway", transport=httpx2.MockTransport(gateway.answer)) as client:
        board = Board()
        submitted = [await feeder.Feeder(client=client, board=board, chance=Random(n)).round() for n in range(20)]

    limits = {(task["concurrency_key"], task["max_concurrency"]) for task in gateway.tasks}
    assert sum(submitted) == len(gateway.tasks)
    assert limits == {(customer.name, customer.limit) for customer in CUSTOMERS}
    assert all(
        base64.b64decode(task["payload"]["image"]).decode() == task["labels"]["written"].replace(" / ", " ")
        for task in gateway.tasks
    )
    assert sum(board.waiting(customer) for customer in CUSTOMERS) == len(gateway.tasks)


class Gateway:
    """Takes tasks."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            self.tasks.append(msgspec.json.decode(request.content))
            return httpx2.Response(202, content=msgspec.json.encode(self._snapshot(self.tasks[-1])))
        return httpx2.Response(200, content=msgspec.json.encode(STATS))

    def _snapshot(self, task: dict[str, Any]) -> dict[str, Any]:
        known = {"task_id": str(len(self.tasks)), "queue": "default", "tenant": "default", "status": "pending"}
        counts = {"version": 1, "attempt": 0, "max_retry": 3, "created_at": "2030-01-01T00:00:00Z", "event_id": "e"}
        said = {name: task[name] for name in ("type", "priority", "concurrency_key", "labels")}
        return known | counts | said
