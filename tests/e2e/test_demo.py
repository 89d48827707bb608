"""The demo with its real model, as `just demo` runs it, for a few seconds."""

import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from e2e.running import Ran, ran, started
from support.brokers import unless_missing

from xqueue_embedded import Kafka
from xqueue_embedded.demo.needs import missing

_WITH_THE_GROUP = ("uv", "run", "--isolated", "--group", "demo", "python")
"""An environment of its own: the tests' one stays as it is."""


@pytest.fixture
async def demo(tmp_path: Path) -> Sequence[str]:
    """The command; the model is large, so only CI installs it for this."""
    if missing() and not os.environ.get("CI"):
        pytest.skip(f"without the model: {', '.join(missing())}; uv sync --group demo")
    with unless_missing():
        await Kafka(state_dir=tmp_path).fetch()
    python = _WITH_THE_GROUP if missing() else (sys.executable,)
    return (*python, "-m", "xqueue_embedded", "demo", "--port", "0", "--state-dir", str(tmp_path / "demo"))


def counted(done: Ran) -> tuple[int, ...]:
    """Return how many pictures were read, how many rightly, how many wrongly, and how many tasks were lost."""
    last = re.search(
        r"^(\d+) pictures read, (\d+) rightly, (\d+) wrongly, (\d+) tasks lost$", done.out, re.MULTILINE
    )
    assert last, done.out
    return tuple(map(int, last.groups()))


def running_in(folder: Path) -> list[str]:
    """Return the command lines of processes that know of a folder."""
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    return [line.replace(b"\0", b" ").decode() for line in lines if str(folder).encode() in line]


@pytest.mark.timeout(400)
async def test_pictures_are_read_and_nothing_is_left_running(demo: Sequence[str], tmp_path: Path) -> None:
    done = await ran(*demo, "--seconds", "20")

    assert done.status == 0, done.out + done.problems
    read, right, wrong, lost = counted(done)
    assert read > 0
    assert (right, wrong, lost) == (read, 0, 0)
    for words in ("Try in another terminal", "xqueue --url http://127.0.0.1:", "mosquitto_sub", "curl", "ws://"):
        assert words in done.out
    assert "customer-3" in done.out
    assert not running_in(tmp_path)
    assert not (tmp_path / "demo" / "endpoints.json").exists()


@pytest.mark.timeout(400)
async def test_ctrl_c_stops_all_of_it(demo: Sequence[str], tmp_path: Path) -> None:
    if missing():
        pytest.skip("uv would be interrupted with it")  # who runs it in a terminal sees `uv` end the same way
    process = await started(*demo)
    assert process.stdout is not None
    said = b""
    while b"0:00;" not in said:
        line = await process.stdout.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    rest, problems = await process.communicate()

    assert process.returncode == 0, said + rest + problems
    assert counted(Ran(0, rest.decode(), ""))[3] == 0
    assert not running_in(tmp_path)
