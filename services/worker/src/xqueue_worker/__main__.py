"""The process: ``python -m xqueue_worker [--handlers MODULE]…``."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from xqueue_common.errors import ConfigError
from xqueue_common.service import EXIT_CONFIG, run
from xqueue_common.settings import load as read
from xqueue_common.settings import variables
from xqueue_worker.app import Worker
from xqueue_worker.artifacts.shelf import of_environment
from xqueue_worker.backends.configuration import configured
from xqueue_worker.backends.settings import PoolSettings
from xqueue_worker.batching.options import never_full
from xqueue_worker.drain import Asked
from xqueue_worker.errors import HandlerError
from xqueue_worker.gpu.device import environment
from xqueue_worker.gpu.finding import Found, find
from xqueue_worker.handler import Handler
from xqueue_worker.handlers import load, needing
from xqueue_worker.retire import RETIRE
from xqueue_worker.settings import WorkerSettings, listed

log = structlog.get_logger(__name__)

HANDLERS = "XQ_HANDLERS"


class Means(NamedTuple):
    """What a worker has to work with."""

    handlers: Mapping[str, Handler]
    found: Found
    pools: Sequence[PoolSettings]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a worker until it is told to stop; returns the exit status."""
    given = _arguments().parse_args(argv)
    modules = [*listed(os.environ.get(HANDLERS, "")), *given.handlers]
    try:
        pools = configured(os.environ)
        found = find(read(WorkerSettings, os.environ), os.environ)
        # Before any handler is imported: what looks for GPUs then sees this one alone.
        os.environ.update(environment(found.gpu))
        handlers = load([*needing(pool.name for pool in pools), *modules])
    except (ConfigError, HandlerError) as error:
        sys.stderr.write(f"worker: {error}\n")
        return EXIT_CONFIG
    return run("worker", WorkerSettings, partial(_serve, Means(handlers, found, pools)))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m xqueue_worker",
        description="Runs tasks with the ready-made handlers and those of your modules.",
        epilog=f"Settings are environment variables: {', '.join(variables(WorkerSettings))}.",
    )
    parser.add_argument(
        "--handlers",
        metavar="MODULE",
        action="append",
        default=[],
        help="a module with @task functions, from the current directory or PYTHONPATH; repeatable",
    )
    return parser


async def _serve(means: Means, settings: WorkerSettings, stop: asyncio.Event) -> None:
    means.found.tell()
    # What was imported stays for good: the collector need not walk over it again and again (a third of the cost
    # of an empty task).
    gc.collect()
    gc.freeze()
    if small := never_full(
        {name: handler.batch for name, handler in means.handlers.items()}, settings.worker_slots
    ):
        log.warning("batches never fill: raise XQ_WORKER_SLOTS", types=small, slots=settings.worker_slots)
    of_environment()  # a wrong address of the artifacts is told now, not by the first handler that wants one
    asked = Asked(stop)
    asyncio.get_running_loop().add_signal_handler(RETIRE, asked.retire.set)
    again = asyncio.create_task(_second_signal(stop, asked.hurry))
    worker, failed = Worker(settings, means.handlers, gpu=means.found.gpu, pools=means.pools), True
    try:
        await worker.run(asked)
        failed = False
    finally:
        again.cancel()
        if worker.pool.lingering or (failed and worker.pool.running):
            _leave_behind(failed=failed)


def _leave_behind(*, failed: bool) -> None:
    """End the process under a handler that goes on: one that swallows its cancellation keeps the loop for ever."""
    log.warning("handlers go on, the process ends", exc_info=failed)
    sys.stderr.flush()
    os._exit(int(failed))


async def _second_signal(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    await stop.wait()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hurry.set)


if __name__ == "__main__":
    sys.exit(main())
