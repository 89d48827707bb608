import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "xqueue_embedded", *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_names_every_option() -> None:
    text = run("up", "--help").stdout

    options = set(re.findall(r"--[a-z-]+", text))
    assert options >= {
        "--port",
        "--host",
        "--state-dir",
        "--workers",
        "--schedulers",
        "--handlers",
        "--no-backend",
        "--log-level",
    }


@pytest.mark.parametrize(
    "wrong", [("--port", "70000"), ("--workers", "0"), ("--log-level", "loud"), ("--prot", "1")]
)
def test_a_wrong_option_is_refused_before_anything_starts(wrong: tuple[str, str]) -> None:
    finished = run("up", *wrong)

    assert finished.returncode == 2
    assert wrong[0] in finished.stdout + finished.stderr


def test_what_is_in_the_way_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        finished = run("up", "--port", str(port), "--state-dir", str(tmp_path))

    assert finished.returncode == 1
    assert f"error: 127.0.0.1:{port} is taken. Choose another --port; --port 0 takes a free one." in finished.stdout
    assert "Traceback" not in finished.stderr
