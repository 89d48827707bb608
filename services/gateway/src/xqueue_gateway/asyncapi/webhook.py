"""Webhooks: what receivers are sent. The notifier sends it; a test holds this to what it does."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from xqueue_common.lifecycle import Status
from xqueue_common.snapshot import Snapshot
from xqueue_gateway.asyncapi.channel import Action, Channel, Message, Schema


class WebhookEvent(Struct, frozen=True):
    """The body of a webhook, in the form of Standard Webhooks."""

    type: Status
    timestamp: datetime
    data: Snapshot


_HEADERS: Mapping[str, Schema] = {
    "webhook-id": {"type": "string", "description": "the same at every try: overlook what was received already"},
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "seconds since 1970, of this try",
    },
    "webhook-signature": {"type": "string", "description": "v1,… for each secret that signs, with spaces between"},
}


def webhook_channels() -> Iterator[tuple[str, Channel]]:
    """Return the channel by name."""
    summary = "A task has come into a status. Any 2xx takes it; else it is sent again, for days."
    yield (
        "webhook",
        Channel(
            address=None,
            server="receiver",
            summary="What is POSTed to the address of a task or of a subscription (Standard Webhooks).",
            messages={"event": Message(summary, WebhookEvent, _HEADERS)},
            actions={
                "webhook": Action("send", ("event",), {"http": {"method": "POST", "bindingVersion": "0.3.0"}})
            },
        ),
    )
