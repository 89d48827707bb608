"""Running batches in a child process: one call, many voices."""

from typing import NamedTuple

from xqueue_worker.batching.calling import CallContext, Calling, Member
from xqueue_worker.batching.flags import FlagsView
from xqueue_worker.child.frames import (
    ChunkFrame,
    EndFrame,
    ItemFrame,
    Job,
    JobMember,
    LogFrame,
    ProgressFrame,
    framed,
)
from xqueue_worker.child.running import Runner
from xqueue_worker.child.voice import Voice
from xqueue_worker.context import Context, Facts
from xqueue_worker.handler import Handler
from xqueue_worker.outcome import Ending


class BatchLine(NamedTuple):
    """How a batch and its worker hear of one another."""

    voice: Voice
    flags_fd: int


def run_batch(runner: Runner, handler: Handler, job: Job, line: BatchLine) -> Ending:
    """Call the handler with all members; says how each ended, and returns how the call as a whole did."""
    flags = FlagsView(line.flags_fd, len(job.members))
    voices = [_ItemVoice(line.voice, item) for item in range(len(job.members))]
    members = [
        Member(_FlaggedContext(member, voice, flags), member.payload)
        for member, voice in zip(job.members, voices, strict=True)
    ]
    ctx = CallContext(members)
    ending = runner.run_with(ctx, Calling(handler), job, line.voice)
    for voice, own in zip(voices, ctx.endings, strict=True):
        voice.flush()
        if own is not None:
            voice.end(own)
    return ending


class _ItemVoice(Voice):
    """How one member speaks, over the voice of all."""

    def __init__(self, voice: Voice, item: int) -> None:
        self._latest = None
        self._due_at = 0.0
        self._voice = voice
        self.item = item

    def end(self, ending: Ending) -> None:
        """Say how it ended."""
        self._send(EndFrame(ending))

    def _send(self, frame: ProgressFrame | LogFrame | ChunkFrame | EndFrame) -> None:
        self._voice.say(framed(ItemFrame(self.item, frame)))


class _FlaggedContext(Context):
    """A context that is cancelled by its worker's flag as well."""

    __slots__ = ("_flags", "_item", "_stopped")

    def __init__(self, job: JobMember, voice: _ItemVoice, flags: FlagsView) -> None:
        self._flags, self._item, self._stopped = flags, voice.item, False
        facts = Facts(job.task_id, job.attempt, job.tenant, job.labels, job.deadline, job.parents, job.model)
        super().__init__(facts, voice.tell)

    @property
    def cancelled(self) -> bool:
        """Whether it must stop."""
        return self._stopped or self._flags[self._item]

    @cancelled.setter
    def cancelled(self, value: bool) -> None:
        self._stopped = value
