"""A share: the flows that take turns, and at each level a clock and the lifts of those that are ready there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from support.scheduler.fold import shares
from support.scheduler.fold.shares import Flow


@dataclass
class Share:
    """Where the flows of one share stand. A flow that is not listed has been served nothing.

    Attributes:
        flows: by name.
        clocks: time of the clock of each level, whether it goes or rests.
        lifts: of what is ready, by level and name: the clocks of these levels go.
        furthest: the furthest that any clock has been.
    """

    flows: dict[str, Flow] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    lifts: dict[str, dict[str, int]] = field(default_factory=dict)
    furthest: int = 0

    def flow(self, name: str) -> Flow:
        """Return a flow."""
        return self.flows.get(name, Flow())

    def least(self) -> int | None:
        """Return the time of the slowest clock that goes."""
        return min((self.clocks[level] for level in self.lifts), default=None)

    def stand(self, level: str, name: str) -> int:
        """Return where a flow stands at a level where it is ready."""
        return shares.stand(self.flow(name), self.lifts[level][name])

    # ---- who is ready ----

    def settle(self, ready: Mapping[str, Collection[str]]) -> None:
        """These are ready now, by level. What happens to different flows and levels meanwhile happens at once.

        So a level that was ready before and is ready now has a clock that went all the time; and clocks that go on
        now are set to the slowest of those that went until now.
        """
        least = self.least()
        for level in ready.keys() - self.lifts.keys():
            self.clocks[level] = shares.restart(self.clocks.get(level, 0), least, self.furthest)
        self.lifts = {level: self._lifts(level, names) for level, names in ready.items()}

    def _lifts(self, level: str, names: Collection[str]) -> dict[str, int]:
        before, clock = self.lifts.get(level, {}), self.clocks[level]
        return {name: before[name] if name in before else shares.lift(self.flow(name), clock) for name in names}

    def enter(self, level: str, name: str) -> None:
        """One flow becomes ready."""
        if level not in self.lifts:
            self.clocks[level] = shares.restart(self.clocks.get(level, 0), self.least(), self.furthest)
            self.lifts[level] = {}
        if name not in self.lifts[level]:
            self.lifts[level][name] = shares.lift(self.flow(name), self.clocks[level])

    def leave(self, level: str, name: str) -> None:
        """One flow is ready no more."""
        del self.lifts[level][name]
        if not self.lifts[level]:
            del self.lifts[level]

    # ---- what they cost ----

    def charge(self, level: str, name: str, cost: int, *, weight: float, weights: float) -> None:
        """A flow that is ready is given slots that cost so much."""
        start = self.stand(level, name)
        self.flows[name] = shares.charged(self.flow(name), cost, weight)
        self.clocks[level] = shares.moved(self.clocks[level], start, cost, weights)
        self.furthest = max(self.furthest, self.clocks[level])

    def correct(self, name: str, more: int, weight: float) -> None:
        """An attempt has cost so much more than its flow was charged."""
        self.flows[name] = shares.corrected(self.flow(name), more, weight)
