"""Partial results reach xq.progress from wherever a handler runs; whoever says too much harms nobody else."""

import pytest
from aiokafka import TopicPartition
from integration.worker.played import PlayedScheduler, Start, told_so_far
from msgspec import Raw, json

from xqueue_common.events import ChunkRecord, Finished, LogRecord, ProgressRecord
from xqueue_worker.context import MAX_LINES

EMITTING = ["test.emitting", "test.emitting_thread", "test.emitting_child"]
FLOODS = ["test.flood", "test.flood_thread", "test.flood_child"]


async def records_told(scheduler: PlayedScheduler) -> int:
    """Return how many records of progress stand in the log at this moment."""
    reader = await scheduler.read(scheduler.topics.progress)
    partition = TopicPartition(scheduler.topics.progress, 0)
    told: int = (await reader.end_offsets([partition]))[partition]
    return told


@pytest.mark.parametrize("task_type", EMITTING)
async def test_chunks_are_told_in_order_and_none_for_another(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit(task_type, payload=200)

    await scheduler.ended(task_id)
    told = await told_so_far(scheduler, ChunkRecord)
    assert [(c.spec.task_id, c.attempt, c.index) for c in told] == [(task_id, 1, index) for index in range(200)]
    assert [json.decode(c.chunk) for c in told] == [{"number": number} for number in range(200)]
    assert [c.seq for c in told] == sorted({c.seq for c in told})


async def test_each_attempt_of_a_batch_emits_for_itself(scheduler: PlayedScheduler, start_worker: Start) -> None:
    await start_worker()

    ids = [(await scheduler.submit("test.emitting_batch", payload=name))[0] for name in ("one", "other")]

    for task_id in ids:
        await scheduler.ended(task_id)
    told = {c.spec.task_id: (c.index, json.decode(c.chunk)) for c in await told_so_far(scheduler, ChunkRecord)}
    assert told == {ids[0]: (0, "for one"), ids[1]: (0, "for other")}


@pytest.mark.parametrize("task_type", EMITTING)
async def test_what_an_attempt_says_is_told_before_its_end(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    await start_worker()
    reader = await scheduler.read(scheduler.topics.progress)  # so that asking takes no time below
    partition = TopicPartition(scheduler.topics.progress, 0)

    [task_id] = await scheduler.submit(task_type, payload=200)
    await scheduler.only_report(task_id)

    assert (await reader.end_offsets([partition]))[partition] == 200


async def test_an_end_without_last_words_waits_for_nobody_elses(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    running = await start_worker()
    teller = running.worker._teller

    [task_id] = await scheduler.submit("noop")

    await scheduler.ended(task_id)
    assert not teller._followers
    assert await records_told(scheduler) == 0


async def test_a_chunk_that_is_no_json_fails_the_task_for_good(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()

    [task_id] = await scheduler.submit("test.bad_chunk")

    report = await scheduler.only_report(task_id)
    assert report.error is not None
    assert (report.error.kind, report.error.retryable) == ("final", False)
    assert report.error.message.startswith("the chunk is no JSON: ")


@pytest.mark.parametrize("task_type", FLOODS)
async def test_a_flood_is_cut_where_it_is_said_and_the_gaps_are_seen(
    scheduler: PlayedScheduler, start_worker: Start, task_type: str
) -> None:
    running = await start_worker()
    count = 30_000

    flood, *others = await scheduler.submit(task_type, "noop", "test.emitting", payload=count)

    for task_id in (flood, others[0]):
        assert isinstance(await scheduler.only_report(task_id), Finished)
    chunks, lines, progress = [
        [record for record in await told_so_far(scheduler, kind) if record.spec.task_id == flood]
        for kind in (ChunkRecord, LogRecord, ProgressRecord)
    ]
    indexes = [chunk.index for chunk in chunks]
    assert indexes[0] == 0
    assert indexes == sorted(set(indexes))
    assert (lines[0].message, len(lines) <= MAX_LINES) == ("line 0", True)
    assert f"more than {MAX_LINES} lines" in lines[-1].message
    assert len(progress) < 200
    counts = running.worker.counts.progress
    assert counts["told"] + counts["dropped"] >= count


async def test_facts_about_parents_are_not_repeated_with_every_word(
    scheduler: PlayedScheduler, start_worker: Start
) -> None:
    await start_worker()
    [parent] = await scheduler.submit("example", payload="x" * 1_000)
    await scheduler.ended(parent)

    [child] = await scheduler.submit(
        "test.emitting", payload=1, depends_on=[parent], parents={parent: '{"status":"success","result":"large"}'}
    )

    await scheduler.ended(child)
    [chunk] = await told_so_far(scheduler, ChunkRecord)
    assert (chunk.spec.depends_on, chunk.spec.parents) == ([parent], None)
    assert chunk.chunk == Raw(b'{"number":0}')
