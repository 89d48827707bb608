"""Deliveries of webhooks in words."""

from collections.abc import Iterator

from xqueue_client.command.words import moment
from xqueue_client.webhooks.answers import Delivery

HEADS = ("DELIVERY", "EVENT", "STATE", "TRIES", "CREATED", "NEXT TRY", "LAST ANSWER", "URL")


def row(delivery: Delivery) -> tuple[str, ...]:
    """Return a delivery as a row under `HEADS`."""
    how = (delivery.event, delivery.state, str(delivery.attempts))
    times = (moment(delivery.created_at), moment(delivery.next_at) or "-")
    return (delivery.id, *how, *times, _last(delivery), delivery.url)


def fields(delivery: Delivery) -> Iterator[tuple[str, str]]:
    """Return all that is known of a delivery, by name."""
    yield from zip(map(str.lower, HEADS), row(delivery), strict=True)


def _last(delivery: Delivery) -> str:
    if delivery.reason or not delivery.tries:
        return delivery.reason or "-"
    last = delivery.tries[-1]
    return last.error or str(last.status or "-")
