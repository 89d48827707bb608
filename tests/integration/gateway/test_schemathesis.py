"""Requests made of `openapi.json`, good and bad: no 5xx, and every answer is one that the document knows.

Those that the document suggests by itself, every value of every parameter at its bounds and beyond, are tried here;
`just schemathesis` tries as many random ones beside as one likes.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway

from xqueue_common.events import ErrorInfo

HOW = Path(__file__).parents[2] / "support" / "schemathesis"


@pytest.mark.timeout(300)
async def test_every_answer_is_one_that_the_document_knows(own_cell: PlayedCell, tmp_path: Path) -> None:
    own_cell.keeps = True
    async with gateway(own_cell, artifacts_url=f"file://{tmp_path}/artifacts") as door:
        tried = json.dumps(await tasks_of_every_kind(door, own_cell))
        # One worker: on CPython 3.11 threads that read source code, as Hypothesis does, trip over one another.
        process = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("schemathesis"), "--config-file", HOW / "schemathesis.toml"),
            *("run", f"{door.url}/openapi.json", "--phases", "coverage", "--seed", "1"),
            env={**os.environ, "PYTHONPATH": str(HOW), "SCHEMATHESIS_HOOKS": "hooks", "XQ_TRIED": tried},
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()

        assert process.returncode == 0, said.decode()
        # Whose queue, tenant and type nobody has limited meanwhile.
        assert (await door.of("another").submit("another", queue="another"))["status"] == "pending"


async def tasks_of_every_kind(door: Door, cell: PlayedCell) -> dict[str, list[str]]:
    """Return the ids of a task that waits, one that runs, and some that have ended."""
    await cell.offer("runs")
    waiting = await door.submit("waits")
    running, done, failed = [await door.submit("runs", max_retry=0) for _ in range(3)]
    await cell.finish(done["task_id"], result={"answer": 42})
    await cell.finish(failed["task_id"], error=ErrorInfo("error", "broken", traceback="line 1"))
    await cell.progress(running["task_id"], 50)
    ended = [done["task_id"], failed["task_id"]]
    await cell.kept(*ended)
    return {"open": [waiting["task_id"], running["task_id"]], "ended": ended}
