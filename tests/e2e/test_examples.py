"""What users copy works."""

import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ran, started
from integration.gateway.running import Door
from support.eventually import eventually

from xqueue_client import AsyncClient, ChunkEvent, RetryPolicy, Submission
from xqueue_embedded import System

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BLOCKS = re.compile(r"```python\n(.*?)```", re.DOTALL)
MODULES = ("training", "pipeline", "ocr", "embeddings")
GROUPS = {"demo": ("rapidocr", "onnxruntime"), "examples": ("wordllama",)}
"""What the libraries of a group of dependencies are called: they are large, so only CI installs them for this."""


def missing(group: str) -> list[str]:
    return [module for module in GROUPS[group] if find_spec(module) is None]


def needs(group: str) -> None:
    """Skip the test on a developer's machine without these libraries; in CI the worker has them."""
    if missing(group) and not os.environ.get("CI"):
        pytest.skip(f"without {', '.join(missing(group))}; uv sync --group {group}")


def python() -> Sequence[str]:
    """Return how to start Python with the libraries of all groups, in CI in an environment of its own."""
    lacking = [group for group in GROUPS if missing(group)]
    if not lacking or not os.environ.get("CI"):
        return (sys.executable,)
    return ("uv", "run", "--isolated", *(f"--group={group}" for group in GROUPS), "python")


@pytest.fixture(scope="module")
async def worker(system: System, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """A worker that has loaded the examples, as `--handlers examples.training` does."""
    ends = system.endpoints
    loaded = [text for name in MODULES for text in ("--handlers", f"examples.{name}")]
    process = await started(
        *python(),
        *("-m", "xqueue_worker", *loaded),
        cwd=ROOT,
        XQ_KAFKA_BOOTSTRAP=ends.kafka.bootstrap,
        XQ_REDIS_URL=ends.redis.url,
        XQ_WORKER_ID="examples",
        XQ_OPS_PORT="0",
        XQ_LOG_LEVEL="warning",
        XQ_ARTIFACTS_URL=f"file://{tmp_path_factory.mktemp('artifacts')}",
    )
    async with AsyncClient(ends.gateway.url) as client:

        async def serves() -> bool:
            assert process.returncode is None
            return any("text.embed" in instance.types for instance in await client.instances())

        await eventually(serves, 300)
    yield
    process.terminate()
    await process.communicate()


async def test_the_quickstart(url: str, tmp_path: Path) -> None:
    done = await ran(sys.executable, EXAMPLES / "quickstart.py", cwd=tmp_path, XQ_URL=url)

    assert (done.status, done.problems) == (0, "")
    assert done.out.splitlines()[:2] == [
        "one task: {'hello': 'world'}",
        "many: success, success, success, success, success, success",
    ]
    for line in ("watched: success", "the same task: True", "refused: priority", "failed: no such picture"):
        assert line in done.out
    assert "canceled: canceled" in done.out


async def test_the_code_in_the_sdks_readme(url: str, tmp_path: Path) -> None:
    blocks = BLOCKS.findall((ROOT / "libs" / "client" / "README.md").read_text())

    for block in blocks:
        done = await ran(sys.executable, "-c", block, cwd=tmp_path, XQ_URL=url)
        assert (done.status, done.problems) == (0, ""), block
    assert blocks


JOB = {"epochs": 1_000, "keep_every": 100}


async def trained(client: AsyncClient, **job: Any) -> tuple[Any, list[tuple[int, int]]]:
    """Return what became of a training: its result, and of what is emitted the attempts and epochs."""
    task = await client.submit("model.train", {**JOB, **job}, retry=RetryPolicy(base=0.1))
    events = [event async for event in client.watch(task_id=task.id)]
    emitted = [(event.attempt, event.chunk["epoch"]) for event in events if isinstance(event, ChunkEvent)]
    assert [event.index for event in events if isinstance(event, ChunkEvent) and event.attempt == 1][:1] == [0]
    return (await task.refresh(), emitted)


@pytest.mark.usefixtures("worker")
async def test_a_training_that_crashes_goes_on_from_its_checkpoint(client: AsyncClient, door: Door) -> None:
    whole, _ = await trained(client)
    crashed, emitted = await trained(client, crash_at=560)

    assert (whole.attempt, crashed.attempt) == (1, 2)
    assert crashed.result == whole.result
    assert crashed.result["accuracy"] > 0.95
    assert emitted == [(1, e) for e in range(50, 560, 50)] + [(2, e) for e in range(550, 1_001, 50)]

    async def logged() -> list[tuple[int, str]]:
        items = (await door.get(f"/api/v1/tasks/{crashed.task_id}/logs")).json()["items"]
        return [(line["attempt"], line["message"]) for line in items]

    async def complete() -> bool:
        return (2, "kept epoch 1000") in await logged()

    await eventually(complete, 30)  # the history is moments behind
    assert await logged() == [
        (1, "begins anew"),
        *((1, f"kept epoch {epoch}") for epoch in range(100, 501, 100)),
        (2, "goes on after epoch 500"),
        *((2, f"kept epoch {epoch}") for epoch in range(600, 1_001, 100)),
    ]


@pytest.mark.usefixtures("worker")
async def test_a_pipeline_joins_what_its_parts_have_found(client: AsyncClient) -> None:
    texts = ["The cat and the dog.", "", "A dog, the third."]
    counting = [Submission(type="words.count", payload={"name": f"{n}", "text": t}) for n, t in enumerate(texts)]
    joining = Submission(type="words.join", payload={"top": 2}, depends_on=range(3), on_failure="run")

    submitted = await client.submit_many([*counting, joining])

    joined = await client.wait(submitted.task_ids[-1], timeout=60)
    assert joined.result == {"words": 9, "top": [["the", 3], ["dog", 2]], "failed": 1}


@pytest.mark.usefixtures("worker")
async def test_the_pipeline_as_a_program(url: str, namespace: str) -> None:
    done = await ran(sys.executable, EXAMPLES / "pipeline.py", ROOT / "LICENSE", XQ_URL=url, XQ_TENANT=namespace)

    assert (done.status, done.problems) == (0, "")
    assert re.match(r"\d+ words in 1 parts, 0 of them failed\nmost frequent: ", done.out)


@pytest.mark.usefixtures("worker")
@pytest.mark.timeout(400)
async def test_pictures_are_read(url: str, namespace: str) -> None:
    needs("demo")
    picture = EXAMPLES / "sign.png"

    done = await ran(sys.executable, EXAMPLES / "ocr.py", picture, XQ_URL=url, XQ_TENANT=namespace)

    assert (done.status, done.problems) == (0, "")
    assert done.out == "sign.png:\n  kitchen garden\n  open until six\n"


@pytest.mark.usefixtures("worker")
@pytest.mark.timeout(400)
async def test_texts_are_embedded(url: str, namespace: str, client: AsyncClient) -> None:
    needs("examples")
    texts = ["The cat sat on the mat", "Shares fell on Monday", "A kitten rests on a rug"]

    done = await ran(sys.executable, EXAMPLES / "embeddings.py", *texts, XQ_URL=url, XQ_TENANT=namespace)

    assert (done.status, done.problems) == (0, "")
    assert done.out == f"closest: {texts[0]!r} and {texts[2]!r}\n"
    tasks = [Submission(type="text.embed", payload={"text": text}) for text in [*texts, *texts]]
    ids = (await client.submit_many(tasks)).task_ids
    vectors = [(await client.wait(task_id, timeout=60)).result for task_id in ids]
    assert [len(vector) for vector in vectors] == [256] * 6
    for first, second in zip(vectors[:3], vectors[3:], strict=True):
        assert first == pytest.approx(second, abs=1e-5)  # a batch may be added up in another order
