"""`xqueue webhooks …`."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from xqueue_client.command.deliveries import HEADS as DELIVERY_HEADS
from xqueue_client.command.deliveries import fields as delivery_fields
from xqueue_client.command.deliveries import row as delivery_row
from xqueue_client.command.exits import Exit, Misused
from xqueue_client.command.options import COMMON, Common, Names, given
from xqueue_client.command.times import seconds
from xqueue_client.command.words import moment
from xqueue_client.http.paging import PAGE
from xqueue_client.webhooks.answers import IssuedSubscription, WebhookChanges, WebhookOptions, WebhookSubscription

webhooks = App(name="webhooks", help="Say which URLs are told about tasks, and see what they were told.")

_HEADS = ("WEBHOOK", "URL", "EVENTS", "QUEUE", "CREATED", "STATE", "DESCRIPTION")
_ONCE = "This secret, which verifies what is told, will not be shown again."
_NONE = "none"


@webhooks.command
def create(
    url: str,
    /,
    *,
    event: Names = (),
    queue: str | None = None,
    description: str | None = None,
    common: Common = COMMON,
) -> int:
    """Let a URL be told about tasks; prints the secret that it is signed with: this once only.

    Args:
        url: Where to POST.
        event: At which status; repeatable, or several with commas between. Without it: at the final ones.
        queue: Only of tasks of this queue.
        description: What to call it.
        common: What every command takes.
    """
    options = given(**_said(event, queue, description))
    with common.connect() as client:
        return _tell(client.webhooks.create(url, **options), common)


@webhooks.command(name="list")
def list_webhooks(*, common: Common = COMMON) -> int:
    """List the URLs that are told.

    Args:
        common: What every command takes.
    """
    with common.connect() as client:
        found = client.webhooks.list()
    common.output.each(_HEADS, found, _row)
    return Exit.OK


@webhooks.command(name=["get", "show"])
def get(webhook_id: str, /, *, common: Common = COMMON) -> int:
    """Show a webhook.

    Args:
        webhook_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        return _show(client.webhooks.get(webhook_id), common)


@webhooks.command
def update(
    webhook_id: str,
    /,
    *,
    new_url: str | None = None,
    event: Names = (),
    queue: str | None = None,
    description: str | None = None,
    disabled: Annotated[bool | None, Parameter(name="--disable", negative="--enable")] = None,
    common: Common = COMMON,
) -> int:
    """Change some of a webhook; none as event means the final ones, as queue all of them.

    Args:
        webhook_id: Its id.
        new_url: Where to POST from now on.
        event: At which status; repeatable, or several with commas between.
        queue: Only of tasks of this queue.
        description: What to call it.
        disabled: Tell it nothing for the time being, or again.
        common: What every command takes.

    Raises:
        Misused: nothing is to be changed.
    """
    more = {"url": new_url, "disabled": disabled}
    said: Any = {**_said(event, queue, description), **{name: it for name, it in more.items() if it is not None}}
    changes: WebhookChanges = said
    if not changes:
        message = "say what to change: see --help"
        raise Misused(message)
    with common.connect() as client:
        return _show(client.webhooks.update(webhook_id, **changes), common)


@webhooks.command
def delete(webhook_id: str, /, *, common: Common = COMMON) -> int:
    """Tell a URL nothing any more.

    Args:
        webhook_id: Its id.
        common: What every command takes.
    """
    with common.connect() as client:
        client.webhooks.delete(webhook_id)
    return Exit.OK


@webhooks.command
def rotate(webhook_id: str, /, *, overlap: str | None = None, common: Common = COMMON) -> int:
    """Replace the secret of a webhook, and print the new one: this once only.

    Args:
        webhook_id: Its id.
        overlap: For this time both secrets sign: 1h, 90m, 45s or seconds.
        common: What every command takes.
    """
    overlap_s = seconds("--overlap", overlap)
    with common.connect() as client:
        return _tell(client.webhooks.rotate(webhook_id, overlap=overlap_s), common)


@webhooks.command
def deliveries(
    webhook_id: str,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    common: Common = COMMON,
) -> int:
    """List what a URL was told, newest first.

    Args:
        webhook_id: The id of its webhook.
        limit: So many at most.
        common: What every command takes.
    """
    with common.connect() as client:
        found = list(islice(client.webhooks.deliveries(webhook_id, page_size=min(limit, PAGE)), limit))
    common.output.each(DELIVERY_HEADS, found, delivery_row)
    return Exit.OK


@webhooks.command
def replay(delivery_id: str, /, *, common: Common = COMMON) -> int:
    """Tell something again, whatever became of it before.

    Args:
        delivery_id: The id of the delivery, as deliveries shows it.
        common: What every command takes.
    """
    with common.connect() as client:
        told = client.webhooks.replay(delivery_id)
    common.output.one(told, delivery_fields)
    return Exit.OK


def _said(event: tuple[str, ...], queue: str | None, description: str | None) -> WebhookOptions:
    events = [name.strip() for text in event for name in text.split(",")]
    said: WebhookOptions = {}
    if events:
        said["events"] = None if events == [_NONE] else events
    if queue is not None:
        said["queue"] = None if queue == _NONE else queue
    if description is not None:
        said["description"] = description
    return said


def _tell(issued: IssuedSubscription, common: Common) -> int:
    output = common.output
    if common.json:
        output.document(issued)
        return Exit.OK
    output.line(issued.secret)
    output.note(f"{issued.id} tells {issued.url}. {_ONCE}")
    return Exit.OK


def _show(webhook: WebhookSubscription, common: Common) -> int:
    common.output.one(webhook, _fields)
    return Exit.OK


def _row(webhook: WebhookSubscription) -> tuple[str, ...]:
    events = ",".join(webhook.events) if webhook.events else "final"
    state = f"disabled: {webhook.disabled}" if webhook.disabled else "tells"
    created = moment(webhook.created_at)
    return (webhook.id, webhook.url, events, webhook.queue or "all", created, state, webhook.description or "-")


def _fields(webhook: WebhookSubscription) -> Iterator[tuple[str, str]]:
    yield from zip(map(str.lower, _HEADS), _row(webhook), strict=True)
