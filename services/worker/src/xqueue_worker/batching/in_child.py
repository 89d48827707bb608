"""Calls of batch handlers in child processes."""

from collections.abc import Callable
from functools import partial
from typing import cast

from msgspec import Raw, structs

from xqueue_common.events import Progress
from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.call import Call
from xqueue_worker.child.frames import (
    BadFrame,
    ChunkFrame,
    EndFrame,
    ItemFrame,
    Job,
    JobMember,
    LogFrame,
    ProgressFrame,
)
from xqueue_worker.gpu.memory import Resident
from xqueue_worker.isolation import Ended
from xqueue_worker.isolation.child_process import Work
from xqueue_worker.isolation.in_child import Hosting, InChild
from xqueue_worker.outcome import Ending


class CallsInChild(InChild):
    """As ``InChild``, one call a process at a time; whatever it is handed is a ``Call``."""

    def __init__(self, ended: Ended, hosting: Hosting) -> None:
        super().__init__(partial(_ended, ended), hosting)

    def start(self, attempt: Attempt) -> None:
        """Begin in a warm process, else in a new one."""
        call = cast("Call", attempt)
        try:
            call.open_flags()
        except OSError as error:
            self._ended(call, outcome.failed(outcome.CRASH, f"there is no room for a batch of attempts: {error}"))
            return
        super().start(call)

    def _job(self, attempt: Attempt) -> Job:
        members = [_member(member) for member in cast("Call", attempt).members]
        return structs.replace(super()._job(attempt), payload=b"", parents=b"", members=members)

    def _work(self, attempt: Attempt, resident: Resident, never_began: Callable[[Ending], None]) -> Work:
        call = cast("Call", attempt)
        fds = (call.flags.fd,) if call.flags is not None else ()
        return super()._work(call, resident, never_began)._replace(item=partial(self._item, call), fds=fds)

    def _item(self, call: Call, said: ItemFrame) -> None:
        if not 0 <= said.item < len(call.members):
            msg = f"there is no attempt {said.item} in this batch"
            raise BadFrame(msg)
        member = call.members[said.item]
        match said.frame:
            case EndFrame(ending):
                call.context.endings[said.item] = ending
            case ProgressFrame(percent, message):
                self._hear(member, Progress(percent, message))
            case LogFrame(line) | ChunkFrame(line):
                self._hear(member, line)


def _ended(ended: Ended, attempt: Attempt, ending: Ending) -> None:
    attempt.entered = attempt.work is not None and attempt.work.taken
    ended(attempt, ending)


def _member(member: Attempt) -> JobMember:
    dispatch, ctx = member.dispatch, member.ctx
    parents = bytes(dispatch.parents) if isinstance(dispatch.parents, Raw) else b""
    return JobMember(
        ctx.task_id, ctx.attempt, ctx.tenant, ctx.labels, ctx.deadline, bytes(dispatch.payload), parents, ctx.model
    )
