"""Where tasks with a model go, and what may be served before them: loads are rare, and nobody waits for long."""

import pytest
from redis.asyncio import Redis
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import configure, finished

from xqueue_common.limits import Limit, tenant_setting
from xqueue_common.task import Resources
from xqueue_scheduler.store.head import HeadSettings

PATIENCE_MS = HeadSettings().patience
NEVER_MS = 1 << 40
MARGIN_MS = 10_000
"""The cell's time goes on during a test as well."""
ODD = "org/model:7b %ü"


def worker_of(bare: BareCell, task_id: str) -> str:
    [dispatch] = bare.sent.of(task_id)
    return dispatch.incarnation.partition("#")[0]


@pytest.fixture
async def bare(redis: Redis, namespace: str) -> BareCell:
    """A cell whose workers need not be heard of again, however much time passes."""
    return await BareCell(redis, namespace, HeadSettings(stale=NEVER_MS)).open()


async def end_all(bare: BareCell, *, after_ms: int = 0) -> list[str]:
    """End what was sent last, and return what is granted then."""
    running = [d for d in bare.sent.records if (await bare.state(d.spec.task_id)).token == d.token]
    before = len(bare.sent.records)
    await bare.advance(after_ms, *(finished(d.spec.task_id, d.token) for d in running))
    return [d.spec.task_id for d in bare.sent.records[before:]]


async def test_a_task_goes_to_the_worker_that_holds_its_model_though_others_are_emptier(bare: BareCell) -> None:
    await BareWorker(bare, "z", slots=5).join()
    await BareWorker(bare, "a", models=[ODD]).join()

    assert worker_of(bare, await bare.submit(model=ODD)) == "a"
    assert worker_of(bare, await bare.submit(model=ODD)) == "z"
    assert worker_of(bare, await bare.submit(model=None)) == "z"


async def test_without_a_holder_it_goes_where_there_is_room_for_it(bare: BareCell) -> None:
    await BareWorker(bare, "z", slots=5, models=["other"], room_mb=100).join()
    await BareWorker(bare, "a", room_mb=8_000, gpu_memory_mb=9_000).join()

    assert worker_of(bare, await bare.submit(model="m", resources=Resources(4_000))) == "a"


async def test_what_a_worker_was_sent_it_will_hold_before_it_says_so(bare: BareCell) -> None:
    await BareWorker(bare, "y", slots=2).join()
    await BareWorker(bare, "z", slots=9).join()

    first = await bare.submit(model="m")
    await BareWorker(bare, "x", slots=50).join()

    assert worker_of(bare, await bare.submit(model="m")) == worker_of(bare, first) == "z"


async def test_a_holder_is_found_behind_many_emptier_workers(bare: BareCell) -> None:
    for number in range(40):
        await BareWorker(bare, f"w{number:02}", slots=3).join()
    await BareWorker(bare, "holder", models=["m"]).join()

    assert worker_of(bare, await bare.submit(model="m")) == "holder"


async def test_a_worker_that_has_let_go_of_a_model_is_no_holder_any_more(bare: BareCell) -> None:
    worker = await BareWorker(bare, "a", models=["m"]).join()
    await BareWorker(bare, "z", slots=3).join()
    worker.models = ["n"]
    await worker.beat()

    assert worker_of(bare, await bare.submit(model="m")) == "z"
    await worker.leave()
    assert not any(name.startswith("l:") and "n" in name for name in await bare.keys())


async def test_what_needs_no_load_is_served_first_even_if_it_came_later(bare: BareCell) -> None:
    cold, warm, plain = [await bare.submit(model=model) for model in ("cold", "warm", None)]
    await BareWorker(bare, "w", models=["warm"]).join()
    await bare.call()

    assert [d.spec.task_id for d in bare.sent.records] == [warm]
    assert await end_all(bare) == [plain]
    assert await end_all(bare) == [cold]


async def test_a_higher_priority_is_worth_a_load(bare: BareCell) -> None:
    await bare.submit(model="warm")
    urgent = await bare.submit(model="cold", priority=1)
    await BareWorker(bare, "w", models=["warm"]).join()
    await bare.call()

    assert [d.spec.task_id for d in bare.sent.records] == [urgent]


async def test_a_cold_model_is_passed_over_only_for_so_long(bare: BareCell) -> None:
    cold, *warm = [await bare.submit(model=model) for model in ("cold", "warm", "warm", "warm", "warm")]
    await BareWorker(bare, "w", models=["warm"]).join()
    await bare.call()

    assert await end_all(bare, after_ms=PATIENCE_MS - MARGIN_MS) == [warm[1]]
    assert await end_all(bare, after_ms=MARGIN_MS) == [cold]
    assert await end_all(bare) == [warm[2]]


async def test_only_what_would_have_been_next_is_passed_over(bare: BareCell) -> None:
    first, second = [await bare.submit(model="warm") for _ in range(2)]
    later = await bare.submit(model="cold")
    await BareWorker(bare, "w", models=["warm"]).join()
    await bare.call()
    third = await bare.submit(model="warm")

    assert [d.spec.task_id for d in bare.sent.records] == [first]
    assert await end_all(bare, after_ms=PATIENCE_MS) == [second]
    assert await end_all(bare) == [third]  # its turn has come only now, so it is not due yet
    assert await end_all(bare) == [later]


async def test_who_is_not_ready_any_more_has_not_been_passed_over(bare: BareCell) -> None:
    cold = await bare.submit(model="cold")
    warm = [await bare.submit(model="warm") for _ in range(3)]
    await BareWorker(bare, "w", models=["warm"]).join()
    await bare.call()
    assert "passed" in await bare.keys()

    await bare.cancel(cold)
    assert "passed" not in await bare.keys()
    again = await bare.submit(model="cold")

    assert await end_all(bare, after_ms=PATIENCE_MS) == [warm[1]]
    assert await end_all(bare) == [warm[2]]
    assert await end_all(bare) == [again]


async def test_what_one_task_has_loaded_serves_others_before_it_is_loaded_a_second_time(bare: BareCell) -> None:
    wide, wide_too = [await bare.submit(model="m", resources=Resources(slots=2)) for _ in range(2)]
    await bare.call(configure(tenant_setting("other"), Limit(weight=0.001)))
    small = await BareWorker(bare, "small").join()
    await bare.submit(tenant="other")  # so it stands behind
    await end_all(bare)
    await small.leave()
    narrow = await bare.submit(model="m", tenant="other")
    for name in "vw":
        await BareWorker(bare, name, slots=3).join()
    await bare.call()

    granted = sorted(bare.sent.records[1:], key=lambda d: int(d.token.rpartition(".")[2]))
    assert [d.spec.task_id for d in granted] == [wide, narrow, wide_too]
    assert [worker_of(bare, task_id) for task_id in (wide, narrow, wide_too)] == ["w", "w", "v"]
