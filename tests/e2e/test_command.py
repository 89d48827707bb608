"""The `xqueue` command from end to end, as a shell runs it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from e2e.running import BESIDE_PYTHON, Ran, ran, started
from support.eventually import eventually

from xqueue_client import AsyncClient

XQUEUE = BESIDE_PYTHON / "xqueue"
NEVER = '{"seconds": 600}'
Command = Callable[..., Awaitable[Ran]]


@pytest.fixture
def xqueue(url: str, namespace: str) -> Command:
    """Run it, as this test's tenant."""

    async def run(*arguments: str, stdin: str = "") -> Ran:
        return await ran(XQUEUE, *arguments, stdin=stdin, XQ_URL=url, XQ_TENANT=namespace)

    return run


async def test_a_task_from_submission_to_result(xqueue: Command) -> None:
    done = await xqueue("submit", "example", "--payload", '{"hello": "world"}', "--wait")

    assert (done.status, done.out, done.problems) == (0, '{"hello":"world"}\n', "")


async def test_submit_prints_the_id_which_the_others_take(xqueue: Command) -> None:
    task_id = (await xqueue("submit", "example", "--payload", "-", stdin="[1, 2]")).out.strip()
    waited = await xqueue("wait", task_id)
    shown = await xqueue("get", task_id)

    assert (waited.status, shown.status) == (0, 0)
    assert "success" in waited.out
    assert "[1,2]" in shown.out


async def test_fields_are_passed_on(xqueue: Command) -> None:
    options = "--priority 7 --key customer-7 --max-concurrency 2 --label team=a --max-retry 0 --queue images"
    [task] = (await xqueue("submit", "noop", *options.split(), "--json", "--wait")).documents

    assert (task["priority"], task["concurrency_key"], task["max_retry"]) == (7, "customer-7", 0)
    assert (task["queue"], task["labels"], task["status"]) == ("images", {"team": "a"}, "success")


async def test_a_failure_is_told_with_a_status_of_its_own(xqueue: Command) -> None:
    done = await xqueue("submit", "fail", "--payload", '{"message": "no", "retryable": false}', "--wait")

    assert (done.status, done.out) == (1, "")
    assert done.problems.startswith("error: task ")
    assert done.problems.endswith("ended as failed: final: no\n")


async def test_who_waits_in_vain_is_told_so(xqueue: Command) -> None:
    done = await xqueue("submit", "sleep", "--payload", NEVER, "--wait", "--timeout", "0.1")

    assert done.status == 5
    assert done.problems.startswith("error: task ")
    assert " after " in done.problems


async def test_tasks_are_canceled(xqueue: Command) -> None:
    ids = [(await xqueue("submit", "sleep", "--payload", NEVER)).out.strip() for _ in range(2)]
    canceled = await xqueue("cancel", *ids, "--json")
    again = await xqueue("wait", *ids)

    assert (canceled.status, len(canceled.documents)) == (0, 2)
    assert again.status == 1
    assert again.out.count("canceled") == 2


@pytest.mark.parametrize("command", ["get", "cancel", "wait", "history"])
async def test_an_unknown_id_is_named_on_one_line(xqueue: Command, command: str) -> None:
    done = await xqueue(command, "no-such-task")

    assert (done.status, done.out) == (4, "")
    assert done.problems.startswith("error: there is no task 'no-such-task'")
    assert done.problems.count("\n") == 1


async def test_a_field_that_the_gateway_refuses_is_named(xqueue: Command) -> None:
    done = await xqueue("submit", "noop", "--priority", "256")

    assert done.status == 2
    assert done.problems.startswith("error: priority: ")
    assert done.problems.count("\n") == 1


async def test_the_same_key_is_the_same_task(xqueue: Command) -> None:
    ids = {(await xqueue("submit", "noop", "--idempotency-key", "order-7")).out for _ in range(2)}
    other = await xqueue("submit", "noop", "--idempotency-key", "order-7", "--payload", "1")

    assert len(ids) == 1
    assert other.status == 4


async def test_tasks_are_listed(xqueue: Command, client: AsyncClient) -> None:
    for team in ("a", "b", "a"):
        await (await client.submit("noop", labels={"team": team})).wait(60)

    async def listed() -> bool:
        return len([task async for task in client.list(status="success")]) == 3

    await eventually(listed)
    table = await xqueue("list", "--status", "success", "--label", "team=a")
    lines = await xqueue("list", "--json", "--limit", "2")

    assert len(table.out.splitlines()) == 3
    assert [task["status"] for task in lines.documents] == ["success", "success"]


async def test_what_happens_is_watched_until_the_tasks_have_ended(xqueue: Command, client: AsyncClient) -> None:
    good = await client.submit("sleep", {"seconds": 0.2})
    bad = await client.submit("fail", {"retryable": False})

    watched = await xqueue("watch", good.id, bad.id)
    fine = await xqueue("watch", good.id, "--json")

    assert watched.status == 1
    assert [line for line in watched.out.splitlines() if good.id in line and "success" in line]
    assert [line for line in watched.out.splitlines() if bad.id in line and "failed" in line]
    assert fine.status == 0
    assert fine.documents[-1]["event"] == "status"


async def test_ctrl_c_ends_a_watch_quietly(url: str, namespace: str, client: AsyncClient) -> None:
    watching = await started(XQUEUE, "watch", "--json", XQ_URL=url, XQ_TENANT=namespace)
    assert watching.stdout is not None
    first = asyncio.create_task(watching.stdout.readline())

    async def heard() -> bool:
        await client.submit("noop")
        return first.done()

    await eventually(heard)
    watching.send_signal(signal.SIGINT)
    _, problems = await watching.communicate()

    assert (watching.returncode, problems) == (130, b"")


async def test_the_system_is_shown(xqueue: Command) -> None:
    [counts] = (await xqueue("stats", "--json")).documents
    [worker] = (await xqueue("instances", "--json")).documents
    slots = (await xqueue("allocations", "--json")).documents
    [of_default] = (await xqueue("allocations", "--queue", "default", "--json")).documents
    texts = [(await xqueue(command)).out for command in ("stats", "instances", "allocations")]

    assert "by_status" in counts
    assert worker["slots"] == 100
    assert of_default == {"queue": "default", "allocations": {worker["id"]: 100}}
    assert of_default in slots
    assert "processing" in texts[0]
    assert str(worker["id"]) in texts[1]
    assert f"{worker['id']}=100" in texts[2]


async def test_a_waiting_task_is_explained(xqueue: Command, namespace: str) -> None:
    keyed = ("--payload", '{"seconds": 60}', "--key", namespace, "--max-concurrency", "1")
    holder = (await xqueue("submit", "sleep", *keyed)).out.strip()
    waits = (await xqueue("submit", "sleep", *keyed)).out.strip()

    async def told() -> bool:
        [document] = (await xqueue("explain", waits, "--json")).documents
        return [reason["holders"] for reason in document["reasons"]] == [[holder]]  # type: ignore[attr-defined]

    await eventually(told)
    text = (await xqueue("explain", waits)).out
    unknown = await xqueue("explain", "nothing")

    assert f"held by {holder}" in text
    assert "position" in text
    assert unknown.status == 4
    await xqueue("cancel", holder, waits)


async def test_a_queue_from_its_making_to_its_end(xqueue: Command, namespace: str) -> None:
    queue = f"command-{namespace}"
    [made] = (await xqueue("queues", "set", queue, "--max-concurrency", "1", "--rate", "5", "--json")).documents
    [changed] = (await xqueue("queues", "set", queue, "--rate", "none", "--aging", "60", "--json")).documents
    paused = await xqueue("queues", "pause", queue)
    task_id = (await xqueue("submit", "noop", "--queue", queue)).out.strip()
    refused = await xqueue("queues", "delete", queue)
    purged = await xqueue("queues", "purge", queue)
    waited = await xqueue("wait", task_id)
    again = (await xqueue("retry", task_id, "--json")).documents
    priority = await xqueue("priority", str(again[0]["task_id"]), "9", "--json")
    resumed = await xqueue("queues", "resume", queue, "--json")
    done = await xqueue("wait", str(again[0]["task_id"]))
    listed = await xqueue("queues", "list")
    gone = await xqueue("queues", "delete", queue, "--force")

    assert (made["max_concurrency"], changed["max_concurrency"]) == (1, 1)
    assert (made["rate"], changed["rate"], changed["aging"]) == ({"per_second": 5.0, "burst": 1}, None, 60.0)
    assert (paused.status, purged.status, waited.status, done.status, gone.status) == (0, 0, 1, 0, 0)
    assert (refused.status, refused.problems.count("\n")) == (4, 1)
    assert (again[0]["retry_of"], priority.documents[0]["priority"]) == (task_id, 9)
    assert resumed.documents[0]["paused"] is False
    assert queue in listed.out
    assert (await xqueue("queues", "get", queue)).status == 4


async def test_a_limit_from_its_pinning_to_its_end(xqueue: Command) -> None:
    pinned = await xqueue("limits", "set", "key", "a/b", "--max-concurrency", "2", "--json")
    listed = await xqueue("limits", "list")
    wrong = await xqueue("limits", "set", "key", "a/b", "--weight", "0")
    cleared = [await xqueue("limits", "clear", "key", "a/b") for _ in range(2)]

    assert (pinned.documents[0]["name"], pinned.documents[0]["max_concurrency"]) == ("a/b", 2)
    assert "a/b" in listed.out
    assert (wrong.status, "weight" in wrong.problems) == (2, True)
    assert [done.status for done in cleared] == [0, 4]


async def test_a_system_is_found_by_its_state_directory(url: str, state_dir: Path, tmp_path: Path) -> None:
    found = await ran(XQUEUE, "stats", cwd=tmp_path, XQ_STATE_DIR=str(state_dir))

    assert url
    assert (found.status, found.problems) == (0, "")


async def test_a_reader_that_has_seen_enough_is_no_error(url: str) -> None:
    done = await ran("bash", "-c", f"set -o pipefail; {XQUEUE} stats --json | head -c 1", XQ_URL=url)

    assert (done.status, done.out, done.problems) == (0, "{", "")
