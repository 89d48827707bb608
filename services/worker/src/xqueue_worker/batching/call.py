"""One call of a batch handler."""

from collections.abc import Sequence

from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.calling import CallContext, Calling, Member
from xqueue_worker.batching.course import Course
from xqueue_worker.batching.flags import Flags
from xqueue_worker.said import Said


class Call(Attempt):
    """Attempts of a batch that are called together, as their place sees them: one attempt with a ``CallContext``.

    Only places are handed it: pool, watch and reporter know the members.

    Attributes:
        members: the attempts, in the order of the lists.
        course: what else of their batch is to be called.
        context: ``ctx`` by its own type.
        stopped: who is to stop, by their place.
        flags: the same for a child process.
    """

    __slots__ = ("_numbers", "context", "course", "flags", "members", "stopped")

    def __init__(self, members: Sequence[Attempt], course: Course[Attempt]) -> None:
        first = members[0]
        times = {"now_ms": first.started_ms, "leased_ms": first.leased_ms}
        super().__init__(first.dispatch, Calling(first.handler), _unheard, **times)
        self.members = members
        self._numbers = {member: number for number, member in enumerate(members)}
        self.stopped: set[int] = set()
        self.course = course
        self.ctx = self.context = CallContext([Member(m.ctx, m.dispatch.payload) for m in members])
        self.flags: Flags | None = None

    @property
    def gpu_memory_mb(self) -> int:
        """GPU memory that it needs: what its tasks say together, at least what its handler does."""
        wanted = (member.dispatch.spec.resources for member in self.members)
        return max(self.handler.gpu_memory_mb, sum(each.gpu_memory_mb for each in wanted if each is not None))

    def open_flags(self) -> None:
        """Make what a child process sees of stops; once, though the call may go to one process after another.

        Raises:
            OSError: no more descriptors or memory.
        """
        if self.flags is None:
            self.flags = Flags(len(self.members))

    def has(self, member: Attempt) -> bool:
        """Whether this attempt is in the call still: it may have been told of before the others."""
        return member.work is self

    @property
    def all_stopped(self) -> bool:
        """Whether nobody is left that is to go on."""
        return len(self.stopped) == len(self.members)

    def note_stop(self, member: Attempt) -> bool:
        """Note that one is to stop, for a child process as well; returns whether the whole call is to stop now."""
        number = self._numbers[member]
        self.stopped.add(number)
        if self.flags is not None:
            self.flags.set(number)
        if self.stop is not None or not self.all_stopped:
            return False
        self.stop = member.stop
        return True

    def close(self) -> None:
        """Give back what the call held."""
        if self.flags is not None:
            self.flags.close()
            self.flags = None


def _unheard(_attempt: Attempt, _said: Said) -> None:
    """Its members speak for themselves."""
