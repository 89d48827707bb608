"""What is told of a channel: one row of the tables beside this file."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Schema = Mapping[str, Any]


class Message(NamedTuple):
    """One kind of message.

    Attributes:
        summary: what it tells.
        payload: the type of its body, or the schema of one; None: any bytes.
        headers: the schema of each header that it may carry.
        content_type: of its body.
        bindings: what the protocol has beside.
    """

    summary: str
    payload: Any
    headers: Mapping[str, Schema] = {}
    content_type: str = "application/json"
    bindings: Mapping[str, Any] = {}


class Action(NamedTuple):
    """Something that XQueue does on a channel with some of its messages."""

    does: Literal["send", "receive"]
    messages: tuple[str, ...]
    bindings: Mapping[str, Any] = {}


class Channel(NamedTuple):
    """One place where messages are to be had.

    Attributes:
        address: where; with parameters in braces.
        server: which of the servers has it.
        summary: what it is for.
        messages: by name.
        actions: by name.
        parameters: what stands in the braces of the address.
        bindings: what the protocol has beside.
        more: fields of our own, beginning with ``x-``.
    """

    address: str
    server: str
    summary: str
    messages: Mapping[str, Message]
    actions: Mapping[str, Action]
    parameters: Mapping[str, Schema] = {}
    bindings: Mapping[str, Any] = {}
    more: Mapping[str, Any] = {}
