"""What to try while the demo runs."""

from rich.console import Console
from rich.text import Text

from xqueue_embedded.supervise.endpoints import Endpoints

_USUAL_URL = "http://127.0.0.1:8080"


def show_next_steps(console: Console, endpoints: Endpoints) -> None:
    """Print the addresses and some commands, each on one line so that it can be copied whole."""
    url, mqtt = endpoints.gateway.url, endpoints.mqtt
    console.print(
        Text.assemble("\nAPI ", (url, "bold"), f"   MQTT {mqtt.host}:{mqtt.port}   metrics {url}/metrics"),
        soft_wrap=True,
    )
    console.print(Text("Try in another terminal:", style="dim"))
    for what, command in _commands(endpoints).items():
        console.print(Text.assemble("  ", command, (f"   # {what}", "dim")), soft_wrap=True)


def _commands(endpoints: Endpoints) -> dict[str, str]:
    url, mqtt = endpoints.gateway.url, endpoints.mqtt
    xqueue = "uv run xqueue" if url == _USUAL_URL else f"uv run xqueue --url {url}"
    return {
        "every change of every task": f"{xqueue} watch",
        "a task of your own": f"""{xqueue} submit example --payload '{{"hello": "world"}}' --wait""",
        "what waits, by HTTP": f"curl '{url}/api/v1/tasks?status=pending&limit=3'",
        "the same changes over MQTT": f"mosquitto_sub -h {mqtt.host} -p {mqtt.port} -t 'task/status/#' -v",
        "and over WebSocket": f"uv run websockets {url.replace('http', 'ws', 1)}/api/v1/ws/tasks",
    }
