"""Tenants at one broker: each sees its own tasks, with the access list that we ship."""

from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from integration.notifier.played import PlayedScheduler, notifying
from integration.notifier.subscriber import subscribed
from support.eventually import eventually
from support.mosquitto import begin_tool, guarded_broker
from unit.notifier.records import progress, task

NOTIFIER = "notifier@xqueue"
ACL = Path(__file__).parents[3] / "deploy/mosquitto/acl.conf"
OF_A, OF_B = task(1, tenant="a"), task(2, tenant="b")


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a Mosquitto with our access list; the password of each user is its name."""
    (tmp_path / "acl").write_bytes(ACL.read_bytes())
    users = {user: user for user in (NOTIFIER, "a", "b")}
    async with guarded_broker(tmp_path, f"acl_file {tmp_path}/acl", passwords=users) as port:
        yield port


async def tool(name: str, port: int, user: str | None, *arguments: str) -> int:
    """Run one of Mosquitto's tools and return its exit status."""
    who = () if user is None else ("-u", user, "-P", user)
    process = await begin_tool(name, "-p", str(port), "-V", "5", *who, *arguments, stdout=DEVNULL, stderr=DEVNULL)
    return await process.wait()


async def test_each_tenant_sees_its_own_and_only_the_notifier_writes(
    guarded: int, scheduler: PlayedScheduler, sqlite_url: str
) -> None:
    settings = {
        "mqtt_port": guarded,
        "mqtt_username": NOTIFIER,
        "mqtt_password": NOTIFIER,
        "mqtt_prefix": "acme/{tenant}/",
        "mqtt_lag_s": 86_400,
        "history_url": sqlite_url,
    }
    status_of_a = f"acme/a/task/status/{OF_A.task_id}"
    all_of_it = ("#", "acme/+/task/#", "acme/b/#")
    async with (
        subscribed(guarded, *all_of_it, user="a") as a,
        subscribed(guarded, "acme/b/#", user="b") as b,
        notifying(scheduler, **settings),
    ):
        forged = ("-q", "1", "-t", status_of_a, "-m", "{}")
        await tool("mosquitto_pub", guarded, "a", *forged)
        await scheduler.run(OF_A)
        await scheduler.run(OF_B)

        async def heard() -> bool:
            await scheduler.report(progress(OF_A, 40), progress(OF_B, 40))
            ends = (a.versions(status_of_a), b.versions(f"acme/b/task/status/{OF_B.task_id}"))
            return bool(a.on(f"acme/a/task/progress/{OF_A.task_id}")) and all(3 in versions for versions in ends)

        await eventually(heard)

        assert set(a.versions(status_of_a)) == {1, 2, 3}
        assert {heard.snapshot["tenant"] for heard in b.heard} == {"b"}
        assert {heard.snapshot["tenant"] for heard in a.heard} == {"a"}  # nor what itself had forged
        assert all(heard.topic.startswith("acme/a/task/") for heard in a.heard)


async def test_nobody_without_a_name_gets_in_and_the_notifier_reads_nothing(guarded: int) -> None:
    async def up() -> bool:
        return await tool("mosquitto_pub", guarded, NOTIFIER, "-q", "1", "-t", "acme/a/x", "-r", "-m", "kept") == 0

    await eventually(up)
    for user in (None, "nobody"):
        assert await tool("mosquitto_pub", guarded, user, "-t", "acme/a/x", "-m", "no") != 0
        assert await tool("mosquitto_sub", guarded, user, "-t", "#", "-C", "1", "-W", "5") != 0
    kept = ("-t", "acme/a/x", "-C", "1", "-W")
    with suppress(TimeoutError):
        assert await tool("mosquitto_sub", guarded, "a", *kept, "5") == 0
    assert await tool("mosquitto_sub", guarded, NOTIFIER, *kept, "1") != 0
