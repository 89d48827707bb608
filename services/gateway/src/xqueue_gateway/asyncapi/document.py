"""``asyncapi.yaml`` (AsyncAPI 3.0): every channel, and the schemas of what is told on it."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from xqueue_common.snapshot import Snapshot
from xqueue_common.topics import Topics
from xqueue_gateway.asyncapi.channel import Channel, Message
from xqueue_gateway.asyncapi.kafka import LOGS, kafka_channels, records_of
from xqueue_gateway.asyncapi.mqtt import mqtt_channels
from xqueue_gateway.asyncapi.push import TYPES, push_channels
from xqueue_gateway.asyncapi.yaml import yaml_of
from xqueue_gateway.openapi.guard import SECURITY_SCHEMES
from xqueue_gateway.openapi.schemas import Schemas

_REF = "#/components/schemas/{name}"
_BEARER = [{"$ref": "#/components/securitySchemes/bearer"}]
_SERVERS: Mapping[str, Mapping[str, Any]] = {
    "websocket": {"host": "127.0.0.1:8080", "protocol": "ws", "security": _BEARER, "title": "Any gateway"},
    "http": {"host": "127.0.0.1:8080", "protocol": "http", "security": _BEARER, "title": "Any gateway"},
    "mqtt": {
        "host": "127.0.0.1:1883",
        "protocol": "mqtt",
        "protocolVersion": "5.0",
        "title": "The broker that the notifier publishes to, with XQ_MQTT_PREFIX before every topic",
    },
    "kafka": {
        "host": "127.0.0.1:9092",
        "protocol": "kafka",
        "title": "The brokers of XQ_KAFKA_BOOTSTRAP, with XQ_TOPIC_PREFIX (xq.) before every topic",
    },
}


def asyncapi() -> dict[str, Any]:
    """Return the whole document."""
    records = [record for log in LOGS for record in records_of(log)]
    schemas = Schemas([*records, *TYPES, Snapshot], ref=_REF)
    channels = dict([*push_channels(schemas), *mqtt_channels(), *kafka_channels(Topics())])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "XQueue",
            "version": "1",
            "description": "What XQueue tells without being asked. What can be asked of it stands in openapi.json.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": _SERVERS,
        "channels": {name: _channel(name, channel) for name, channel in channels.items()},
        "operations": dict(_operations(channels)),
        "components": {
            "messages": dict(_messages(channels, schemas)),
            "schemas": _with_plain_discriminators(schemas.named()),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


@cache
def asyncapi_text() -> bytes:
    """Return the document as it is served and committed."""
    return yaml_of(asyncapi()).encode()


def _channel(name: str, channel: Channel) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": channel.address,
        "summary": channel.summary,
        "servers": [{"$ref": f"#/servers/{channel.server}"}],
        "messages": {message: {"$ref": f"#/components/messages/{name}.{message}"} for message in channel.messages},
    }
    optional = {"parameters": channel.parameters, "bindings": channel.bindings, **channel.more}
    return told | {field: value for field, value in optional.items() if value}


def _operations(channels: Mapping[str, Channel]) -> Iterator[tuple[str, Any]]:
    for name, channel in channels.items():
        for action, done in channel.actions.items():
            told: dict[str, Any] = {
                "action": done.does,
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{message}"} for message in done.messages],
            }
            yield (
                f"{name}.{action}" if len(channel.actions) > 1 else name,
                told | ({"bindings": done.bindings} if done.bindings else {}),
            )


def _messages(channels: Mapping[str, Channel], schemas: Schemas) -> Iterator[tuple[str, Any]]:
    for name, channel in channels.items():
        for message, told in channel.messages.items():
            yield f"{name}.{message}", _message(message, told, schemas)


def _message(name: str, message: Message, schemas: Schemas) -> dict[str, Any]:
    payload = message.payload if isinstance(message.payload, dict) else schemas.of(message.payload)
    told: dict[str, Any] = {
        "name": name,
        "summary": message.summary,
        "contentType": message.content_type,
        "payload": payload,
    }
    if message.headers:
        told["headers"] = {"type": "object", "properties": message.headers}
    return told | ({"bindings": message.bindings} if message.bindings else {})


def _with_plain_discriminators(schema: Any) -> Any:
    """Return a schema whose discriminators are told as here: by the property alone, where OpenAPI has a table."""
    if isinstance(schema, dict):
        told = {key: _with_plain_discriminators(value) for key, value in schema.items()}
        if isinstance(told.get("discriminator"), dict):
            told["discriminator"] = told["discriminator"]["propertyName"]
        return told
    return [_with_plain_discriminators(item) for item in schema] if isinstance(schema, list) else schema
