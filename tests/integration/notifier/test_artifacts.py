"""Artifacts leave when the history has forgotten their task."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from unit.notifier.records import CREATED_MS, task, version

from xqueue_common.artifacts import Artifact, ArtifactStore
from xqueue_common.history.engine import connect
from xqueue_notifier.history.artifacts import ArtifactSweep
from xqueue_notifier.history.expiry import Expiry
from xqueue_notifier.history.retention import Days, Retention
from xqueue_notifier.history.rows import rows_of
from xqueue_notifier.history.store import Store

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ENDED, OPEN, UNTOLD = task(1), task(2), task(3)


class HeldClock:
    """A clock that the test moves."""

    at_ms = CREATED_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> int:
        return self.at_ms


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def artifacts(tmp_path: Path, clock: HeldClock) -> ArtifactStore:
    return ArtifactStore(tmp_path.as_uri(), clock=clock)


@pytest.fixture
async def engine(history_url: str) -> AsyncIterator[AsyncEngine]:
    engine = connect(history_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def store(engine: AsyncEngine) -> Store:
    store = Store(engine)
    await store.prepare()
    return store


@pytest.fixture
def expiry(engine: AsyncEngine) -> Expiry:
    return Expiry(engine)


async def written(artifacts: ArtifactStore, task_id: str) -> Artifact:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    return await artifacts.write(chunks(), tenant="t", task_id=task_id)


async def test_they_stay_as_long_as_their_task_and_no_longer(
    artifacts: ArtifactStore, store: Store, expiry: Expiry, clock: HeldClock
) -> None:
    ended, still_open = [await written(artifacts, spec.task_id) for spec in (ENDED, OPEN)]
    await store.apply(rows_of([version(ENDED, 1, "success", finished_ms=CREATED_MS), version(OPEN, 1)]), {})
    sweep = ArtifactSweep(artifacts=artifacts, store=store, clock=clock, days=2)
    retention = Retention(store=store, expiry=expiry, clock=clock, days=Days(2, 2, 2))

    for _ in range(2 * 24):
        clock.at_ms += HOUR_MS
        await retention.round()
        assert (await sweep.round()).gone == 0
    assert await artifacts.find(ended.id) is not None
    gone = 0
    for _ in range(3):
        clock.at_ms += HOUR_MS
        await retention.round()
        gone += (await sweep.round()).gone

    assert gone == 1
    assert await artifacts.find(ended.id) is None
    assert await artifacts.find(still_open.id) is not None


async def test_a_history_that_lags_or_is_new_deletes_nothing_for_a_week(
    artifacts: ArtifactStore, store: Store, clock: HeldClock
) -> None:
    untold = await written(artifacts, UNTOLD.task_id)
    sweep = ArtifactSweep(artifacts=artifacts, store=store, clock=clock, days=1)

    for _ in range(7):
        clock.at_ms += DAY_MS
        assert (await sweep.round()).gone == 0
    assert await artifacts.find(untold.id) is not None
    clock.at_ms += 2 * DAY_MS

    assert (await sweep.round()).gone == 1


async def test_where_the_history_keeps_tasks_for_ever_their_artifacts_stay_too(
    artifacts: ArtifactStore, store: Store, clock: HeldClock
) -> None:
    kept = await written(artifacts, ENDED.task_id)
    await store.apply(rows_of([version(ENDED, 1, "success", finished_ms=CREATED_MS)]), {})
    sweep = ArtifactSweep(artifacts=artifacts, store=store, clock=clock, days=0)

    for _ in range(3):
        clock.at_ms += 365 * DAY_MS
        assert (await sweep.round()).gone == 0
    assert await artifacts.find(kept.id) is not None
