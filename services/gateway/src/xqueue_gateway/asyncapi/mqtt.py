"""The topics of MQTT. The notifier publishes on them; a test holds this table to what it does."""

from collections.abc import Iterator, Mapping

from xqueue_common.lifecycle import Status
from xqueue_common.snapshot import Snapshot
from xqueue_gateway.asyncapi.channel import Action, Channel, Message, Schema

SERVER = "mqtt"
QOS = 1
EXPIRY_S = 3_600
"""What the notifier does unless ``XQ_MQTT_QOS`` and ``XQ_MQTT_EXPIRY_S`` say otherwise."""
_BINDING = "0.2.0"
_TASK_ID: Schema = {"description": "the id of a task; `+` subscribes to all"}
_STATUS: Schema = {"description": "a status; `+` subscribes to all", "enum": [str(status) for status in Status]}
_ROWS: tuple[tuple[str, str, str, Mapping[str, Schema], bool], ...] = (
    (
        "mqtt_task",
        "task/status/{task_id}",
        "Every version of a task. The last one is retained, until it expires.",
        {"task_id": _TASK_ID},
        True,
    ),
    (
        "mqtt_status",
        "task/status/status/{status}",
        "Every task that comes into a status.",
        {"status": _STATUS},
        False,
    ),
    ("mqtt_progress", "task/progress/{task_id}", "How far a running task is.", {"task_id": _TASK_ID}, False),
)


def mqtt_channels() -> Iterator[tuple[str, Channel]]:
    """Return the channels by name."""
    for name, address, summary, parameters, retained in _ROWS:
        binding = {"qos": QOS, "retain": retained, "messageExpiryInterval": EXPIRY_S, "bindingVersion": _BINDING}
        yield (
            name,
            Channel(
                address=address,
                server=SERVER,
                summary=summary,
                messages={
                    "snapshot": Message("The task; lower versions than one that was seen are old.", Snapshot)
                },
                actions={name: Action("send", ("snapshot",), {SERVER: binding})},
                parameters=parameters,
            ),
        )
