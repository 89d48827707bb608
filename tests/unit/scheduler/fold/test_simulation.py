"""The simulator's fast heaps and the model's full scans decide the same."""

from random import Random

import pytest
from simulation.fair import Fair
from simulation.workload import Job
from support.scheduler.fold.playing import Play
from support.scheduler.making import submission

from xqueue_common.events import Report, TimerFired

WEIGHTS = {"a": 1.0, "b": 2.0, "c": 4.0}
SLOTS = 3


class Both:
    """The model and the simulator's policy, told the same; every change is a call of its own."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.play = Play(slots=SLOTS, types=("quick", "slow"))
        self.play.weigh(**WEIGHTS)
        self.fair = Fair(WEIGHTS)
        self.jobs: dict[str, Job] = {}
        self.running: list[str] = []
        self.started: dict[str, int] = {}
        self.scheduled: list[str] = []

    def step(self) -> None:
        """Do something, and compare what is granted then."""
        self.chance.choice([self.submit, self.submit, self.end, self.end, self.lose, self.retry])()

    def submit(self) -> None:
        chance, place = self.chance, len(self.jobs) + 1
        job = Job(place, 0, chance.choice("abc"), chance.choice("klm"), chance.choice(["quick", "slow"]), 0, 0)
        job = job._replace(priority=chance.choice([0, 0, 0, 5]))
        self.jobs[str(place)] = job
        self.fair.submit(job)
        command = submission(
            task_id=str(place), tenant=job.tenant, key=job.key, type=job.kind, priority=job.priority, max_retry=100
        )
        self.compare([grant.task_id for grant in self.play.call(command)])

    def end(self) -> None:
        if task_id := self.pick():
            ms = self.chance.randrange(3_000)
            self.fair.ended(self.jobs[task_id], self.play.now_ms + ms - self.started[task_id], success=True)
            self.compare([grant.task_id for grant in self.play.end(task_id, after_ms=ms)])

    def lose(self) -> None:
        if task_id := self.pick():
            self.fair.ended(self.jobs[task_id], self.play.now_ms - self.started[task_id], success=False)
            self.play.cell.claim(task_id, self.play.task(task_id).attempt)
            self.scheduled.append(task_id)
            self.hear(TimerFired(task_id, None, "lease", 0))

    def retry(self) -> None:
        if self.scheduled:
            task_id = self.scheduled.pop()
            self.fair.again(self.jobs[task_id])
            self.hear(TimerFired(task_id, None, "delay", 0))

    def hear(self, report: Report) -> None:
        self.compare(
            [grant.task_id for grant in self.play.call(reports=(self.play.about(report.task_id, report),))]
        )

    def pick(self) -> str | None:
        if not self.running:
            return None
        return self.running.pop(self.chance.randrange(len(self.running)))

    def compare(self, granted: list[str]) -> None:
        found: list[str] = []
        while len(self.running) + len(found) < SLOTS and (job := self.fair.take()):
            found.append(str(job.place))
        assert found == granted
        self.running += granted
        self.started |= dict.fromkeys(granted, self.play.now_ms)


@pytest.mark.parametrize("seed", range(20))
def test_the_simulator_decides_as_the_model_does(seed: int) -> None:
    both = Both(Random(seed))
    for _ in range(150):
        both.step()
    assert len(both.play.granted) > 20
