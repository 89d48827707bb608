"""With a broker or store away: honest answers, and everything as before once it is back."""

import asyncio
from pathlib import Path

from integration.gateway.played import PlayedCell, playing
from integration.gateway.running import Answer, Door, gateway
from support.brokers import MakeKafka, MakeRedis
from support.eventually import eventually

from xqueue_common.redis_calls import connect
from xqueue_embedded import Kafka, Redis


def assert_come_back_later(answer: Answer) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0


async def accepted(door: Door) -> bool:
    return (await door.post({"type": "noop"})).status_code == 202


async def test_without_kafka_nothing_is_accepted_until_it_is_back(
    private_kafka: MakeKafka, redis_server: Redis, namespace: str, tmp_path: Path
) -> None:
    kafka = await private_kafka()
    async with (
        playing(kafka, redis_server, namespace, f"sqlite:///{tmp_path / 'history.db'}") as cell,
        gateway(cell, produce_timeout_s=1.0) as door,
    ):
        before = (await door.submit())["task_id"]
        await cell.state(before, "pending")
        await cell.pause()
        kafka.kill()
        await kafka.wait()

        answers = await asyncio.gather(*(door.post({"type": "noop"}, key=f"k{i}") for i in range(3)))
        batch = await door.post({"tasks": [{"type": "noop"}, {"type": "noop"}]}, "/api/v1/tasks/batch")
        for answer in (*answers, batch):
            assert_come_back_later(answer)
        assert "Idempotency-Key" in answers[0].json()["errors"][0]["hint"]
        assert (await door.task(before))["status"] == "pending"
        health = await door.get("/api/v1/health")
        assert health.status_code == 503
        assert health.json()["dependencies"]["kafka"] != "ok"

        await kafka.start()
        await eventually(lambda: accepted(door), 60)
        cell.folds = True
        again = await eventually(lambda: followed(door, cell), 60)

    assert again


async def followed(door: Door, cell: PlayedCell) -> bool:
    """Whether a gateway that lost Kafka hears the log again."""
    task_id = (await door.submit("followed"))["task_id"]
    await cell.offer("followed")
    await cell.finish(task_id)
    async with asyncio.timeout(10):
        return bool((await door.task(task_id, "?wait=9"))["status"] == "success")


async def test_without_redis_submissions_go_on_and_ended_tasks_can_be_read(
    kafka: Kafka, private_redis: MakeRedis, namespace: str, tmp_path: Path
) -> None:
    redis = await private_redis()
    async with (
        playing(kafka, redis, namespace, f"sqlite:///{tmp_path / 'history.db'}") as cell,
        gateway(cell) as door,
    ):
        ended = (await door.submit("ended"))["task_id"]
        await cell.offer("ended")
        await cell.finish(ended)
        waiting = (await door.submit("waiting"))["task_id"]
        await cell.state(waiting, "pending")
        await cell.keep()
        await cell.pause()
        redis.kill()
        await redis.wait()

        assert await accepted(door)
        assert (await door.post({"type": "noop"}, key="k1")).status_code == 202
        assert (await door.task(ended))["status"] == "success"
        for path in (f"/api/v1/tasks/{waiting}", "/api/v1/stats", "/api/v1/instances"):
            assert_come_back_later(await door.get(path))
        assert_come_back_later(await door.ask("DELETE", f"/api/v1/tasks/{waiting}"))
        assert (await door.get("/api/v1/health")).json()["dependencies"]["redis"] != "ok"


async def test_with_redis_full_submissions_are_refused_and_reads_go_on(
    kafka: Kafka, private_redis: MakeRedis, namespace: str, tmp_path: Path
) -> None:
    redis = await private_redis()
    async with (
        playing(kafka, redis, namespace, f"sqlite:///{tmp_path / 'history.db'}") as cell,
        gateway(cell) as door,
    ):
        task_id = (await door.submit())["task_id"]
        await cell.state(task_id, "pending")
        client = connect(redis.url, connections=1)
        await client.config_set("maxmemory", "1mb")

        async def refused() -> bool:
            return (await door.post({"type": "noop"})).status_code == 503

        await eventually(refused)
        assert_come_back_later(await door.post({"type": "noop"}))
        assert_come_back_later(await door.post({"tasks": [{"type": "noop"}]}, "/api/v1/tasks/batch"))
        assert (await door.task(task_id))["status"] == "pending"

        await client.config_set("maxmemory", "0")
        await eventually(lambda: accepted(door))
        await client.aclose(close_connection_pool=True)


async def test_without_the_history_lists_come_back_later_and_open_tasks_can_be_read(
    kafka: Kafka, redis_server: Redis, namespace: str, tmp_path: Path
) -> None:
    async with playing(kafka, redis_server, namespace, f"sqlite:///{tmp_path / 'history.db'}") as cell:
        nowhere = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'history.db'}"
        async with gateway(cell, history_url=nowhere) as door:
            task_id = (await door.submit())["task_id"]

            assert (await door.task(task_id))["status"] == "pending"
            # Whether a key was used long ago cannot be said: better later than twice.
            assert_come_back_later(await door.post({"type": "noop"}, key="k1"))
            assert_come_back_later(await door.get("/api/v1/tasks"))
            assert_come_back_later(await door.get(f"/api/v1/tasks/{task_id}/history"))
            assert (await door.get("/api/v1/health")).json()["dependencies"]["history"] != "ok"
