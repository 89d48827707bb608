"""The example model server, for who has configured none: pictures and speech work at once."""

import re
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from xqueue_embedded.ports import LOOPBACK, free_port
from xqueue_embedded.processes.ask import http_ok
from xqueue_embedded.processes.niceness import COMPUTES
from xqueue_embedded.supervise.services import Listener, ServiceProcess

NAME = "backend"

_FILE = Path(__file__).parents[5] / "examples" / "backend_server.py"
_NEEDS = ("aiohttp", "numpy", "PIL")
_CONFIGURED = re.compile(r"(IMAGE_GEN_URL|WHISPER_URL)(_.*)?\Z|XQ_BACKENDS\Z")


class BackendServer(ServiceProcess):
    """One of them."""

    async def _answers(self) -> bool:
        return await http_ok(self.listener.reached_at, self.listener.port, "/health")

    def told(self) -> Mapping[str, str]:
        """Return what workers must know to call it."""
        return {"IMAGE_GEN_URL_1": self.listener.url, "WHISPER_URL_1": self.listener.url}


def backend_for(environ: Mapping[str, str], logs: Path) -> BackendServer | None:
    """Return the server, unless somebody has named others, or it cannot run here.

    It can in a checkout with its default groups: the file is an example, copied by users, and no part of a wheel.
    """
    named = any(value.strip() for variable, value in environ.items() if _CONFIGURED.match(variable))
    if named or not _FILE.is_file() or any(find_spec(needed) is None for needed in _NEEDS):
        return None
    listener = Listener(LOOPBACK, free_port())
    argv = (sys.executable, str(_FILE), "--host", listener.host, "--port", str(listener.port))
    nothing: Callable[[], Mapping[str, str]] = dict
    log = logs / f"{NAME}.log"
    return BackendServer(name=NAME, log=log, argv=argv, listener=listener, env=nothing, nice=COMPUTES)
