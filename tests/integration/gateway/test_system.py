"""Health, metrics, counts, workers, the description of the API, and who may call it from a web page."""

import json

import httpx2
import pytest
from integration.gateway.played import PlayedCell
from integration.gateway.running import Door, gateway
from support.eventually import eventually

from xqueue_gateway.openapi.document import document_text


@pytest.mark.parametrize("path", ["/api/v1/health", "/health"])
async def test_the_health_of_all_dependencies_is_told(door: Door, path: str) -> None:
    answer = await door.get(path)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "dependencies": {"kafka": "ok", "redis": "ok", "history": "ok"}}


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/api/v1/health/live", "/api/v1/health/ready"])
async def test_probes_are_answered(door: Door, path: str) -> None:
    assert (await door.get(path)).json()["status"] == "ok"


async def test_metrics_name_routes_and_not_tasks(door: Door) -> None:
    task_id = (await door.submit())["task_id"]
    await door.task(task_id)
    await door.get("/no/such/path")

    answer = await door.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert 'xqueue_gateway_submissions_total{outcome="accepted"}' in answer.text
    assert 'method="POST",route="/api/v1/tasks",status="202"' in answer.text
    assert 'method="GET",route="/api/v1/tasks/{task_id}",status="200"' in answer.text
    assert 'route="unmatched",status="404"' in answer.text
    assert task_id not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/stats", "/api/stats", "/api/v1/tasks/status/stats"])
async def test_tasks_are_counted(own_cell: PlayedCell, path: str) -> None:
    async with gateway(own_cell) as door:
        ids = [(await door.submit("counted"))["task_id"] for _ in range(3)]
        await door.submit(delay=3600)
        await own_cell.offer("counted")
        await own_cell.finish(ids[0])
        await own_cell.state(ids[2], "processing")

        async def counted() -> bool:
            stats = (await door.get(path)).json()
            return bool(stats["rates"].get("success"))

        await eventually(counted)
        stats = (await door.get(path)).json()

    assert stats["submitted"] == 4
    assert stats["by_status"] == {
        "scheduled": 1,
        "pending": 0,
        "processing": 2,
        "success": 1,
        "failed": 0,
        "canceled": 0,
        "timeout": 0,
    }
    assert (stats["waiting"], stats["running"]) == (1, 2)
    assert stats["rates"].keys() == {"submitted", "success", "failed", "canceled", "timeout"}


async def test_live_workers_are_listed(own_cell: PlayedCell) -> None:
    async with gateway(own_cell) as door:
        assert (await door.get("/api/v1/instances")).json() == {"items": []}
        await own_cell.offer("listed")
        task_id = (await door.submit("listed"))["task_id"]
        await own_cell.state(task_id, "processing")

        [instance] = (await door.get("/api/instances")).json()["items"]

    assert instance.pop("last_heartbeat").endswith("Z")
    assert instance == {
        "id": "w1",
        "pid": 1234,
        "host": "here",
        "queues": ["*"],
        "types": ["listed"],
        "slots": 1000,
        "running": 1,
        "gpus": [],
        "models": ["m"],
    }


async def test_the_description_of_the_api_is_served(door: Door) -> None:
    answer = await door.get("/openapi.json")

    assert answer.content == document_text()
    assert json.loads(answer.content)["openapi"] == "3.1.0"


def preflight(origin: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, idempotency-key, x-xq-tenant",
    }


async def test_pages_of_allowed_origins_may_call_it(own_cell: PlayedCell) -> None:
    async with gateway(own_cell, cors_origins="https://app.example.com") as door:
        asked = await door.ask("OPTIONS", "/api/v1/tasks", headers=preflight("https://app.example.com"))
        allowed = await door.ask(
            "POST",
            "/api/v1/tasks",
            content=b'{"type": "noop"}',
            headers={"Content-Type": "application/json", "Origin": "https://app.example.com"},
        )
        other = await door.ask("OPTIONS", "/api/v1/tasks", headers=preflight("https://evil.example"))

    assert asked.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert allowed.status_code == 202
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Location" in allowed.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_without_api_keys_only_the_loopback_is_listened_on(
    own_cell: PlayedCell, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway(own_cell, host="0.0.0.0") as door:  # noqa: S104  # asked for, not taken
        assert (await door.get("/health/live")).status_code == 200

    assert "listening on the loopback only" in capsys.readouterr().out


async def test_an_operator_may_open_a_gateway_without_api_keys(
    own_cell: PlayedCell, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway(own_cell, host="0.0.0.0", allow_open=True) as door:  # noqa: S104  # asked for, and taken
        assert (await door.get("/health/live")).status_code == 200

    assert "everybody who reaches us is let in" in capsys.readouterr().out


async def test_the_pool_of_a_client_is_served_again_and_again(door: Door, namespace: str) -> None:
    headers = {"X-XQ-Tenant": namespace, "Content-Type": "application/json"}
    limits = httpx2.Limits(max_connections=1)
    async with httpx2.AsyncClient(base_url=door.url, headers=headers, limits=limits) as http:
        answers = [await http.post("/api/v1/tasks", content=b'{"type": "noop"}') for _ in range(50)]

    assert {answer.status_code for answer in answers} == {202}
