"""What operators look at, from end to end: counts of the past, the trail of acts, webhooks and what they told."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from e2e.running import BESIDE_PYTHON, Ran, ran
from support.eventually import eventually

XQUEUE = BESIDE_PYTHON / "xqueue"
Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
def xqueue(url: str, namespace: str) -> Command:
    """Run it, as this test's tenant."""

    async def run(*arguments: str) -> Ran:
        return await ran(XQUEUE, *arguments, XQ_URL=url, XQ_TENANT=namespace)

    return run


async def test_the_log_of_a_task_that_has_ended_is_read_to_its_end(xqueue: Command) -> None:
    task_id = (await xqueue("submit", "noop")).out.strip()
    await xqueue("wait", task_id)

    followed = await xqueue("tasks", "logs", task_id, "-f")
    unknown = await xqueue("logs", "no-such-task", "-f")

    assert followed == (0, "", "")
    assert (unknown.status, unknown.problems.count("\n")) == (4, 1)


async def test_what_became_of_tasks_is_counted(xqueue: Command, namespace: str) -> None:
    queue = f"counted-{namespace}"
    for arguments in (["noop"], ["noop"], ["fail", "--payload", '{"retryable": false}']):
        await xqueue("submit", *arguments, "--queue", queue, "--wait")
    wanted = {"queue": queue, "submitted": 3, "success": 2, "failed": 1, "canceled": 0, "timeout": 0}

    async def counted() -> bool:
        rows: list[dict[str, Any]] = (await xqueue("statistics", "--by", "queue", "--json")).documents
        return any({name: row[name] for name in wanted} == wanted for row in rows)

    await eventually(counted)
    table = await xqueue("statistics", "--by", "hour,queue", "--since", "2h")
    wrong = await xqueue("statistics", "--since", "2030-01-01T00:00:00Z", "--until", "2029-01-01T00:00:00Z")

    assert (table.status, queue in table.out) == (0, True)
    assert (wrong.status, wrong.out) == (2, "")


async def test_acts_are_in_the_trail(xqueue: Command, namespace: str) -> None:
    queue = f"trail-{namespace}"
    await xqueue("queues", "set", queue, "--max-size", "5")
    await xqueue("queues", "delete", queue)

    async def written() -> bool:
        acts: list[dict[str, Any]] = (await xqueue("audit", "--json", "--limit", "200")).documents
        deletions = [act for act in acts if act["operation"] == "delete_queue" and act["target"].endswith(queue)]
        return [(act["actor"], act["tenant"]) for act in deletions] == [("anonymous", namespace)]

    await eventually(written)
    assert queue in (await xqueue("audit", "--operation", "delete_queue")).out


async def test_a_webhook_from_its_making_to_its_end(xqueue: Command) -> None:
    private = await xqueue("webhooks", "create", "http://127.0.0.1:9/hook")
    [made] = (
        await xqueue("webhooks", "create", "https://shop.example/hook", "--event", "failed", "--json")
    ).documents
    webhook_id = str(made["id"])
    changed = await xqueue("webhooks", "update", webhook_id, "--event", "none", "--description", "of the shop")
    rotated = await xqueue("webhooks", "rotate", webhook_id, "--overlap", "1h")
    listed = (await xqueue("webhooks", "list", "--json")).documents
    deliveries = await xqueue("webhooks", "deliveries", webhook_id, "--json")
    gone = await xqueue("webhooks", "delete", webhook_id)

    assert (private.status, "url" in private.problems) == (2, True)
    assert str(made["secret"]).startswith("whsec_")
    assert (changed.status, "of the shop" in changed.out) == (0, True)
    assert rotated.out.startswith("whsec_")
    assert rotated.out.strip() != made["secret"]
    assert [(webhook["id"], "secret" in webhook) for webhook in listed] == [(webhook_id, False)]
    assert (deliveries.status, deliveries.documents, gone.status) == (0, [], 0)
    assert (await xqueue("webhooks", "show", webhook_id)).status == 4


async def test_what_was_told_about_a_task_is_listed_and_told_again(xqueue: Command) -> None:
    task_id = (await xqueue("submit", "noop", "--webhook", "https://receiver.invalid/hook")).out.strip()
    told: list[dict[str, Any]] = []

    async def tried() -> bool:
        told[:] = (await xqueue("tasks", "deliveries", task_id, "--json")).documents
        return any(delivery["tries"] for delivery in told)

    await eventually(tried)
    again = await xqueue("webhooks", "replay", str(told[0]["id"]))

    assert [(delivery["event"], delivery["url"]) for delivery in told] == [
        ("success", "https://receiver.invalid/hook")
    ]
    assert again.status == 0
