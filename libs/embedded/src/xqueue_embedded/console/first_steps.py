"""What to try first, once everything answers."""

import json

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from xqueue_embedded.supervise.endpoints import Endpoints


def show_first_steps(console: Console, endpoints: Endpoints) -> None:
    """Print the addresses, and some commands, each on one line so that it can be copied whole."""
    console.print(_addresses(endpoints))
    for what, command in _commands(endpoints).items():
        console.print(Text.assemble((f"\n# {what}\n", "dim"), command), soft_wrap=True)
    console.print(Text("\nCtrl-C stops everything.", style="dim"))


def _addresses(endpoints: Endpoints) -> RenderableType:
    rows = Table.grid(padding=(0, 2))
    rows.add_row("API", endpoints.gateway.url)
    rows.add_row("its pages", f"{endpoints.gateway.url}/docs")
    rows.add_row("metrics", endpoints.gateway.metrics)
    rows.add_row("MQTT", f"{endpoints.mqtt.host}:{endpoints.mqtt.port}")
    rows.add_row("Kafka", endpoints.kafka.bootstrap)
    return Panel(rows, title="everything answers", title_align="left", border_style="green", expand=False)


def _commands(endpoints: Endpoints) -> dict[str, str]:
    gateway, mqtt = endpoints.gateway.url, endpoints.mqtt
    task = json.dumps({"type": "example", "payload": {"hello": "world"}})
    commands = {
        "submit a task": f"curl {gateway}/api/v1/tasks -H 'Content-Type: application/json' -d '{task}'",
        "watch all tasks over MQTT": f"mosquitto_sub -h {mqtt.host} -p {mqtt.port} -t 'task/status/+' -v",
        "watch them over WebSocket": f"uv run websockets {gateway.replace('http', 'ws', 1)}/api/v1/ws/tasks",
    }
    if endpoints.backend is None:
        return commands
    wish = json.dumps({"prompt": "a red fox in the snow"})
    drawn = f"curl {gateway}/api/v1/image/async -H 'Content-Type: application/json' -d '{wish}'"
    return {**commands, "have a picture drawn, then read the task's result_url": drawn}
