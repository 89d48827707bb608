"""The process of a child: ``python -m xqueue_worker.child PARENT JOB_FD SOCKET_FD TRUST_FD``, by its worker."""

import os
import socket
import sys

from xqueue_worker.child.frames import EndFrame, Job, framed, read_job
from xqueue_worker.child.lifeline import die_with
from xqueue_worker.child.running import run
from xqueue_worker.child.trust import end_without
from xqueue_worker.child.voice import Voice
from xqueue_worker.errors import HandlerError
from xqueue_worker.handler import REGISTRY, Handler
from xqueue_worker.handlers import import_handlers
from xqueue_worker.outcome import Ending, failed


def main() -> None:
    """Run one attempt and end the process."""
    parent, job_fd, socket_fd, trust_fd = map(int, sys.argv[1:])
    die_with(parent)
    end_without(trust_fd)
    voice = Voice(socket.socket(fileno=socket_fd))
    # Programs that the handler starts must not hold the socket open.
    os.set_inheritable(socket_fd, False)  # noqa: FBT003  # the standard library takes no keyword
    with open(job_fd, "rb") as file:  # noqa: PTH123  # a descriptor has no path
        job = read_job(file.read())
    ending = _ending(job, voice)
    voice.flush()
    voice.say(framed(EndFrame(ending)))
    sys.stdout.flush()
    sys.stderr.flush()
    # Neither threads nor exit handlers that the handler left behind may hold the slot.
    os._exit(0)


def _ending(job: Job, voice: Voice) -> Ending:
    try:
        handler = _find(job)
    except HandlerError as error:
        return failed("no_handler", str(error))
    return run(handler, job, voice)


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
