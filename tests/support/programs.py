"""The programs that read deployment files the way their owners do, without Docker and without a cluster.

A program that is not to be had here skips its tests on a developer's machine, and fails them in CI.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from xqueue_embedded.cache import cache_dir

_GO_PROGRAMS = Path(__file__).parent / "compose_check"
"""Their versions and hashes stand in go.mod and go.sum."""
_MINUTES_S = 400
"""Go compiles a program when it is run for the first time: up to a minute on two cores."""


class Ran(NamedTuple):
    """What a program did."""

    status: int
    out: str
    problems: str


def run(argv: Sequence[str | Path], *, cwd: Path | None = None, read: str = "") -> Ran:
    """Run a program to its end; it finds ``read`` on its standard input."""
    done = subprocess.run(
        argv, cwd=cwd, input=read, capture_output=True, text=True, timeout=_MINUTES_S, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr + done.stdout)


def kustomize(folder: Path) -> Ran:
    """Render a folder of manifests."""
    return _run_go("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", ["build", folder])


def compose(file: Path, environment: Sequence[str] = ()) -> Ran:
    """Read a Compose file; what was understood is JSON on standard output."""
    return _run_go("compose_check", ".", [file, *environment])


def _run_go(name: str, package: str, arguments: Sequence[str | Path]) -> Ran:
    """Compile a program, which is nothing to do when nothing has changed, and run it."""
    program = _made(cache_dir()) / name
    built = run([_go(), "build", "-o", program, package], cwd=_GO_PROGRAMS)
    if built.status and run([_go(), "mod", "download"], cwd=_GO_PROGRAMS).status:
        missing(name, "Go cannot download what it is made of")
    return run([program, *arguments]) if built.status == 0 else built


def hadolint(file: Path) -> Ran:
    """Judge a Dockerfile."""
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return run([program or missing("hadolint", "uv sync"), file])


def promtool(*arguments: str | Path, read: str = "") -> Ran:
    """Judge what Prometheus is to read."""
    program = shutil.which("promtool") or _unpacked_promtool()
    return run([program, *arguments], read=read)


def missing(program: str, remedy: str) -> NoReturn:
    """Skip the test, or fail it in CI."""
    reason = f"{program} is not here: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _go() -> str:
    return shutil.which("go") or missing("go", "install Go 1.24 or newer")


def _unpacked_promtool() -> Path:
    """Unpack Debian's package without installing it, because to install it is to start a server."""
    home = _made(cache_dir()) / "prometheus"
    program = home / "usr" / "bin" / "promtool"
    if program.exists():
        return program
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        run(["dpkg", "-x", _downloaded(Path(folder)), Path(folder) / "unpacked"])
        with contextlib.suppress(OSError):  # another run of the tests was first
            (Path(folder) / "unpacked").rename(home)
    return program


def _downloaded(folder: Path) -> Path:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        missing("promtool", "install Prometheus")
    if run(["apt-get", "download", "prometheus"], cwd=folder).status:
        run(["apt-get", "update"])  # most often the machine has never read its list of packages
        run(["apt-get", "download", "prometheus"], cwd=folder)
    package = next(folder.glob("*.deb"), None)
    return package or missing("promtool", "apt-get download prometheus failed")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
