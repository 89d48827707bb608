"""The SDK in use. With `uv run just up` in another terminal: `uv run python examples/quickstart.py`."""

from xqueue_client import Client, InvalidRequest, ProgressEvent, Submission, TaskFailed


def one_task(client: Client) -> None:
    """Submit a task and wait for what its handler returns."""
    task = client.submit("example", {"hello": "world"}, priority=10, labels={"from": "quickstart"})
    print("one task:", task.result(timeout=60))


def many_under_a_limit(client: Client) -> None:
    """Submit many at once: of those with the same key no more than two run at the same time."""
    tasks = [
        Submission(type="sleep", payload={"seconds": 0.1}, concurrency_key="customer-7", max_concurrency=2)
        for _ in range(6)
    ]
    submitted = client.submit_many(tasks)
    ended = [client.wait(task_id, timeout=60) for task_id in submitted.task_ids]
    print("many:", ", ".join(snapshot.status for snapshot in ended))


def progress_as_it_happens(client: Client) -> None:
    """Watch a task until it has ended; over a WebSocket, which is connected anew when it breaks."""
    task = client.submit("long_running_task", {"seconds": 1, "steps": 4})
    for event in client.watch(task_id=task.id):
        if isinstance(event, ProgressEvent) and event.task.progress:
            print(f"watched: {event.task.progress.percent:.0f} %")
    print("watched:", task.refresh().status)


def once_however_often(client: Client) -> None:
    """Name what you submit: when this program is run again, it is the same task."""
    first = client.submit("example", {"order": 7}, idempotency_key="quickstart-order-7")
    again = client.submit("example", {"order": 7}, idempotency_key="quickstart-order-7")
    print("the same task:", first.id == again.id)


def what_can_go_wrong(client: Client) -> None:
    """Errors have types, and say which field is wrong and how to put it right."""
    try:
        client.submit("example", priority=1000)
    except InvalidRequest as error:
        print("refused:", error.fields[0].field)
    try:
        client.submit("fail", {"message": "no such picture", "retryable": False}).result(timeout=60)
    except TaskFailed as failed:
        print("failed:", failed.snapshot.error.message if failed.snapshot.error else "")


def cancel(client: Client) -> None:
    """Cancel a task, waiting or running."""
    task = client.submit("sleep", {"seconds": 600})
    task.cancel()
    print("canceled:", task.wait(timeout=60).status)


def main() -> None:
    """Show all of it."""
    with Client() as client:  # XQ_URL, or the system whose state is in ./.xqueue
        for show in (one_task, many_under_a_limit, progress_as_it_happens, once_however_often):
            show(client)
        what_can_go_wrong(client)
        cancel(client)
        print("newest:", next(client.list(type="example")).task_id)


if __name__ == "__main__":
    main()
