"""The process of a child: ``python -m xqueue_worker.child PARENT SOCKET_FD TRUST_FD``, by its worker."""

import os
import socket
import sys

from xqueue_worker.child.batch import BatchLine, run_batch
from xqueue_worker.child.family import kill_family
from xqueue_worker.child.forks import heed_sigterm
from xqueue_worker.child.frames import EndFrame, IdleFrame, Job, TakenFrame, framed, read_job
from xqueue_worker.child.lifeline import adopt_orphans, die_with
from xqueue_worker.child.remains import Remains
from xqueue_worker.child.running import Runner
from xqueue_worker.child.trust import end_without
from xqueue_worker.child.voice import Voice
from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import REGISTRY, Handler
from xqueue_worker.handlers import import_handlers
from xqueue_worker.outcome import Ending, failed


def main() -> None:
    """Run attempts until there is no more, or something of one is left behind; then end the process."""
    parent, socket_fd, trust_fd = map(int, sys.argv[1:])
    die_with(parent)
    adopt_orphans()
    heed_sigterm()
    end_without(trust_fd)
    connection = socket.socket(fileno=socket_fd)
    # Programs that the handler starts must not hold the socket open.
    os.set_inheritable(socket_fd, False)  # noqa: FBT003  # the standard library takes no keyword
    voice, runner, done = Voice(connection), Runner(), 0
    while (given := _next(connection)) is not None:
        job, flags_fd = given
        voice.say(framed(TakenFrame()))
        remains = Remains()
        ending = _ending(job, runner, voice, flags_fd)
        done += 1
        voice.flush()
        voice.say(framed(EndFrame(ending)))
        # What was loaded in part only must not pass for a warm model.
        if done >= job.recycle_after or not runner.ready or remains.any(job.memory_mb):
            break
        voice.say(framed(IdleFrame()))
    sys.stdout.flush()
    sys.stderr.flush()
    # Neither processes, threads nor exit handlers that the handler left behind may hold the slot, or live on.
    kill_family(os.getpid())
    os._exit(0)


def _next(connection: socket.socket) -> tuple[Job, int] | None:
    """Wait for a job, and the flags of its members if it has some; None: the worker wants no more of us."""
    data, fds, _, _ = socket.recv_fds(connection, 1, 2)
    if not data or not fds:
        return None
    with open(fds[0], "rb") as file:  # noqa: PTH123  # a descriptor has no path
        return read_job(file.read()), fds[-1]


def _ending(job: Job, runner: Runner, voice: Voice, flags_fd: int) -> Ending:
    try:
        handler = _find(job)
    except HandlerError as error:
        return failed("no_handler", str(error))
    if job.members:
        return run_batch(runner, handler, job, BatchLine(voice, flags_fd))
    return runner.run(handler, job, voice)


def _find(job: Job) -> Handler:
    sys.path[:] = job.path
    import_handlers(job.module)
    try:
        return REGISTRY[job.type]
    except KeyError:
        msg = f"importing {job.module!r} in a child process registers no handler for {job.type!r}"
        raise HandlerError(msg) from None


if __name__ == "__main__":
    main()
