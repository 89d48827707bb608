"""Two workers with a simulated GPU each, seen from outside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from integration.gateway.running import Door
from integration.worker.tried_models import NOTES
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_embedded import System, SystemOptions

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    folder = tmp_path_factory.mktemp("gpus")
    env = {"XQ_FAKE_GPUS": "24GB,16GB", "PYTHONPATH": str(TESTS), NOTES: str(folder / "loads")}
    options = SystemOptions(
        state_dir=folder / "state", port=0, workers=2, handlers=("integration.worker.tried_models",), env=env
    )
    with unless_missing():
        running = System(options)
        await running.start()
    yield running.endpoints.gateway.url
    await running.stop()


@pytest.fixture
async def door(url: str, namespace: str) -> AsyncIterator[Door]:
    async with httpx2.AsyncClient(base_url=url, timeout=90, trust_env=False) as http:
        yield Door(url, namespace, http)


async def instances(door: Door) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await door.get("/api/v1/instances")).json()["items"]
    return sorted(found, key=lambda instance: instance["gpus"][0]["index"])


async def held_by(door: Door) -> list[tuple[list[str], int]]:
    """Return models and memory in use of each, once one of them tells of a model."""
    held = [(instance["models"], instance["gpus"][0]["used_mb"]) for instance in await instances(door)]
    return held if any(models for models, _ in held) else []


async def test_each_worker_has_its_own_gpu(door: Door) -> None:
    found = await eventually(lambda: instances(door))

    gpus = [gpu for instance in found for gpu in instance["gpus"]]
    assert gpus == [
        {"index": 0, "name": "simulated", "memory_mb": 24_576, "used_mb": 0, "fake": True},
        {"index": 1, "name": "simulated", "memory_mb": 16_384, "used_mb": 0, "fake": True},
    ]


async def test_a_model_goes_where_it_fits_and_is_seen_there(door: Door) -> None:
    task = await door.submit("model.run", model="large", resources={"gpu_memory_mb": 20_000})

    ended = (await door.get(f"/api/v1/tasks/{task['task_id']}?wait=60")).json()

    assert ended["status"] == "success", ended
    assert ended["result"]["sees"] == "0"
    held = await eventually(lambda: held_by(door))
    assert held == [(["large"], 20_000), ([], 0)]
