"""`python -m xqueue_embedded`: XQueue on one machine, brokers included."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.console import Console

from xqueue_embedded.console.display import display_for
from xqueue_embedded.console.up import run_up
from xqueue_embedded.pool.settings import PoolSize, read_size
from xqueue_embedded.ports import LOOPBACK
from xqueue_embedded.supervise.options import SystemOptions

app = App(name="python -m xqueue_embedded", help="XQueue on one machine, with real brokers as child processes.")

_DEMO = """Run the whole system with work to watch; Ctrl-C stops all of it.

Customers have pictures read by a real model, on this machine's CPU. What they order is bounded, so that it can run
for hours. What waits when it stops goes on when it is started again; delete STATE_DIR to begin anew.
"""

app.command("xqueue_embedded.demo.command:demo", help=_DEMO)

Level = Literal["debug", "info", "warning", "error"]
Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65535))]
Count = Annotated[int, Parameter(validator=Number(gte=1, lte=64))]

_ONE = PoolSize(1, 1)


@app.command
def up(
    *,
    port: Port = 8080,
    host: str = LOOPBACK,
    state_dir: Annotated[Path, Parameter(env_var="XQ_STATE_DIR")] = Path(".xqueue"),
    workers: Annotated[PoolSize, Parameter(converter=read_size, n_tokens=1, accepts_keys=False)] = _ONE,
    schedulers: Count = 1,
    handlers: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="", show_default=False)] = (),
    backend: bool = True,
    log_level: Annotated[Level, Parameter(env_var="XQ_LOG_LEVEL")] = "warning",
) -> int:
    """Run the brokers and the four services in the foreground; Ctrl-C stops all of it.

    Whatever dies is started again. Once everything answers, STATE_DIR/endpoints.json says how to reach it; its logs
    are in STATE_DIR/logs. The first start fetches Kafka (45 MB) into the cache (XQ_CACHE_DIR); a later one needs no
    network.

    Args:
        port: Where the API listens; 0 takes a free port.
        host: The address that it listens on.
        state_dir: All that the system keeps, from one run to the next.
        workers: How many workers to run: a number, or a range like 1-4 within which the load decides (XQ_POOL_UP,
            XQ_POOL_DOWN, XQ_POOL_EVERY_S). They take the GPUs of this machine in turn.
        schedulers: How many schedulers to run; all but one stand by.
        handlers: Python modules with your handlers, beside the ready ones; from here and PYTHONPATH.
        backend: Run a small model server (pictures, speech) unless IMAGE_GEN_URL_1, WHISPER_URL_1 or XQ_BACKENDS
            names others.
        log_level: What the services write to their logs.
    """
    options = SystemOptions(
        state_dir=state_dir,
        host=host,
        port=port,
        workers=workers.least,
        most_workers=workers.most,
        schedulers=schedulers,
        handlers=handlers,
        backend=backend,
        log_level=log_level,
    )
    return asyncio.run(run_up(options, display_for(Console())))


if __name__ == "__main__":
    sys.exit(app())
