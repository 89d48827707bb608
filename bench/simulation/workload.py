"""Who submits what, and when: heavy tails, bursts, and one tenant that has a thousand keys."""

import math
from random import Random
from typing import NamedTuple

HOUR_MS = 3_600_000
MEAN_MS = {"quick": 2_000, "usual": 5_000, "long": 15_000, "huge": 60_000}
"""Mean run times by type."""
SHARES = [30, 50, 15, 5]
"""How many of 100 tenants have tasks of which type."""
SPREAD = 1.0
"""Sigma of the logarithm of run times."""
TAIL = 1.1
"""Exponent of the sizes of tenants (Pareto): the less, the more the largest have."""
LARGEST = 0.08
"""The most that one tenant submits, as a share of all."""
URGENT = 5
"""The priority of urgent tasks; the others have 0."""
BURSTING = 0.05
"""How many of the tenants, the largest ones, submit all they have in a few bursts."""
BURSTS = 4
WEIGHTS = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0]
SYBIL = "sybil"
TWIN = "twin"
SYBIL_KEYS = 1000


class Tenant(NamedTuple):
    """A tenant, and the share of the demand that it is meant to have."""

    name: str
    weight: float
    size: float
    kind: str
    bursts: bool


class Job(NamedTuple):
    """A task: its place in the order of submission, and what it will take."""

    place: int
    at_ms: int
    tenant: str
    key: str
    kind: str
    priority: int
    run_ms: int


class Workload(NamedTuple):
    """All that is submitted until the horizon, in order."""

    tenants: dict[str, Tenant]
    jobs: list[Job]
    horizon_ms: int


def generate(chance: Random, *, tenants: int, hours: float, slots: int, load: float, urgent: float) -> Workload:
    """Return a workload that keeps so many slots busy to the share ``load``, over all.

    Of each tenant's tasks the share ``urgent`` has a high priority.
    """
    horizon_ms = round(hours * HOUR_MS)
    known = _tenants(chance, tenants)
    work_ms = load * slots * horizon_ms
    raw = [job for tenant in known for job in _jobs(chance, tenant, work_ms * tenant.size, horizon_ms, urgent)]
    raw += _sybil_and_twin(chance, horizon_ms // 3)
    known += [Tenant(name, 1.0, 0.0, "usual", bursts=True) for name in (SYBIL, TWIN)]
    raw.sort(key=lambda job: job.at_ms)
    jobs = [job._replace(place=place) for place, job in enumerate(raw, 1)]
    return Workload({tenant.name: tenant for tenant in known}, jobs, horizon_ms)


def _tenants(chance: Random, number: int) -> list[Tenant]:
    sizes = sorted((chance.paretovariate(TAIL) for _ in range(number)), reverse=True)
    whole = sum(sizes)
    kinds = chance.choices(list(MEAN_MS), SHARES, k=number)
    return [
        Tenant(f"t{i:05}", chance.choice(WEIGHTS), min(size / whole, LARGEST), kind, bursts=i < BURSTING * number)
        for i, (size, kind) in enumerate(zip(sizes, kinds, strict=True))
    ]


def _jobs(chance: Random, tenant: Tenant, work_ms: float, horizon_ms: int, urgent: float) -> list[Job]:
    expected = work_ms / MEAN_MS[tenant.kind]
    number = max(1, round(chance.gauss(expected, math.sqrt(expected))))
    keys = math.ceil(math.sqrt(number))
    bursts = [chance.uniform(0, horizon_ms) for _ in range(BURSTS)]
    return [
        _job(
            chance,
            tenant,
            at_ms=chance.choice(bursts) if tenant.bursts else chance.uniform(0, horizon_ms),
            key=f"k{chance.randrange(keys)}",
            priority=URGENT if chance.random() < urgent else 0,
        )
        for _ in range(number)
    ]


def _job(chance: Random, tenant: Tenant, *, at_ms: float, key: str, priority: int) -> Job:
    return Job(0, int(at_ms), tenant.name, key, tenant.kind, priority, _run_ms(chance, tenant.kind))


def _run_ms(chance: Random, kind: str) -> int:
    """Return a run time with the mean of its type."""
    return max(1, round(MEAN_MS[kind] * chance.lognormvariate(-(SPREAD**2) / 2, SPREAD)))


def _sybil_and_twin(chance: Random, at_ms: int) -> list[Job]:
    """Two tenants that want the same at the same time, one under a thousand keys, the other under one.

    They submit in turn: what is free when they come goes to whoever is there, and is held against nobody.
    """
    runs = [_run_ms(chance, "usual") for _ in range(SYBIL_KEYS)]
    return [
        Job(0, at_ms, tenant, key, "usual", 0, run_ms)
        for i, run_ms in enumerate(runs)
        for tenant, key in ((SYBIL, f"k{i:04}"), (TWIN, "k"))
    ]
