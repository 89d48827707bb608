"""The answer to whoever has submitted a task."""

from xqueue_gateway.http.answers import Answer, Headers, answer
from xqueue_gateway.push.live import LiveProgress
from xqueue_gateway.tasks.receipts import Receipt
from xqueue_gateway.tasks.view import show


def accepted(receipt: Receipt, live: LiveProgress) -> Answer:
    """Return the answer for an accepted task: its snapshot, and where it is."""
    return answer(show(receipt.found, live), 202, headers_of(receipt))


def headers_of(receipt: Receipt) -> Headers:
    """Return the headers for an accepted task: where it is, and whether its key was known."""
    headers = [(b"location", f"/api/v1/tasks/{receipt.found.spec.task_id}".encode())]
    if receipt.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    return headers
