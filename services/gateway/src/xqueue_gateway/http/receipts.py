"""The answer to whoever has submitted a task."""

from xqueue_gateway.http.answers import Answer, answer
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.view import show


def accepted(receipt: Receipt, live: LiveProgress) -> Answer:
    """Return the answer for an accepted task: its snapshot, and where it is."""
    headers = [(b"location", f"/api/v1/tasks/{receipt.found.spec.task_id}".encode())]
    if receipt.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return answer(show(receipt.found, live), 202, headers)
