"""The supervisor, with real brokers and stubs as services: whatever dies comes back, and nothing stays behind."""

import json
import os
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from integration.embedded.up_with_stubs import stubs
from support.brokers import unless_missing
from support.eventually import eventually

from xqueue_embedded import System, SystemOptions, read_endpoints
from xqueue_embedded.errors import PortTaken, StartFailed, StateDirInUse
from xqueue_embedded.ports import is_free
from xqueue_embedded.supervise.news import Died, News


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("system")


@pytest.fixture(scope="module")
def news() -> list[News]:
    return []


@pytest.fixture(scope="module")
async def system(state_dir: Path, news: list[News]) -> AsyncIterator[System]:
    """One system for all tests here: each leaves it as whole as it found it."""
    options = SystemOptions(
        state_dir=state_dir,
        port=0,
        workers=2,
        schedulers=2,
        handlers=("my_project.tasks", "other.tasks"),
        env={"XQ_EXTRA": "passed on"},
        programs=stubs(),
    )
    with unless_missing():
        system = System(options, tell=news.append)
        await system.start()
    try:
        yield system
    finally:
        await system.stop()


async def test_endpoints_say_how_to_reach_everything(system: System, state_dir: Path) -> None:
    told = json.loads((state_dir / "endpoints.json").read_text())

    gateway = told["gateway"]
    assert gateway == {
        "url": gateway["url"],
        "pid": system.pid("gateway"),
        "metrics": f"{gateway['url']}/metrics",
    }
    assert told["scheduler"]["pid"] == system.pid("scheduler")
    assert [worker["pid"] for worker in told["workers"]] == [system.pid("worker", 0), system.pid("worker", 1)]
    assert told["notifier"]["metrics"].endswith("/metrics")
    assert told["kafka"] == {"bootstrap": told["kafka"]["bootstrap"], "pid": system.pid("kafka")}
    assert told["redis"] == {"url": told["redis"]["url"], "pid": system.pid("redis")}
    assert told["mqtt"] == {
        "host": "127.0.0.1",
        "port": told["mqtt"]["port"],
        "pid": system.pid("mosquitto"),
    }
    assert told["history"] == {"url": f"sqlite:///{state_dir}/history.db"}
    assert told["standby_schedulers"][0]["pid"] == system.pid("scheduler", 1)


async def test_every_service_is_told_where_everything_is(system: System, state_dir: Path) -> None:
    endpoints = system.endpoints
    for url in (endpoints.gateway.metrics, endpoints.workers[1].metrics):
        env = asked(url)["env"]
        assert env["XQ_KAFKA_BOOTSTRAP"] == endpoints.kafka.bootstrap
        assert env["XQ_REDIS_URL"] == endpoints.redis.url
        assert env["XQ_MQTT_HOST"] == endpoints.mqtt.host
        assert env["XQ_MQTT_PORT"] == str(endpoints.mqtt.port)
        assert env["XQ_HISTORY_URL"] == endpoints.history.url
        assert env["XQ_STATE_DIR"] == str(state_dir)
        assert env["XQ_LOG_LEVEL"] == "warning"
        assert env["XQ_EXTRA"] == "passed on"


async def test_workers_take_the_gpus_of_the_machine_in_turn(system: System) -> None:
    told = [asked(worker.metrics)["env"]["XQ_GPU"] for worker in system.endpoints.workers]

    assert told == ["0/2", "1/2"]
    assert "XQ_GPU" not in asked(system.endpoints.notifier.metrics)["env"]


async def test_only_workers_are_told_of_handlers(system: System) -> None:
    handlers = ["--handlers", "my_project.tasks", "--handlers", "other.tasks"]

    assert asked(system.endpoints.workers[0].metrics)["argv"] == ["worker", *handlers]
    assert asked(system.endpoints.notifier.metrics)["argv"] == ["notifier"]


@pytest.mark.parametrize(
    ("name", "number"), [("worker", 1), ("gateway", 0), ("redis", 0), ("mosquitto", 0), ("kafka", 0)]
)
async def test_whatever_dies_is_started_again_at_its_address(
    system: System, state_dir: Path, news: list[News], name: str, number: int
) -> None:
    addresses, pid = without_pids(system), system.pid(name, number)
    news.clear()

    system.kill(name, number)

    await eventually(lambda: answers_again(news, name))
    assert system.pid(name, number) != pid
    assert without_pids(system) == addresses
    assert read_endpoints(state_dir / "endpoints.json") == system.endpoints
    (death,) = [item for item in news if isinstance(item, Died)]
    assert "was ended by SIGKILL" in str(death)


async def test_what_a_test_holds_down_stays_down_until_it_lets_go(system: System, state_dir: Path) -> None:
    port = int(system.endpoints.redis.url.rpartition(":")[2].removesuffix("/0"))

    async with system.down("redis"):
        assert is_free(port)

    assert not is_free(port)
    assert read_endpoints(state_dir / "endpoints.json").redis.pid == system.pid("redis")


async def test_a_second_system_on_the_same_state_directory_is_refused(system: System, state_dir: Path) -> None:
    with pytest.raises(StateDirInUse, match=str(os.getpid())):
        await System(SystemOptions(state_dir=state_dir, port=0, programs=stubs())).start()

    assert read_endpoints(state_dir / "endpoints.json") == system.endpoints


async def test_a_gateway_port_that_is_taken_is_refused_before_anything_starts(
    system: System, tmp_path: Path
) -> None:
    taken = int(system.endpoints.gateway.url.rpartition(":")[2])

    with pytest.raises(PortTaken, match="--port 0"):
        await System(SystemOptions(state_dir=tmp_path, port=taken, programs=stubs())).start()

    assert not list_of(tmp_path / "logs")


async def test_a_service_that_cannot_start_is_shown_and_nothing_stays(tmp_path: Path) -> None:
    news: list[News] = []
    options = SystemOptions(state_dir=tmp_path, port=0, env={"STUB_BROKEN": "scheduler"}, programs=stubs())
    system = System(options, tell=news.append)

    with unless_missing(), pytest.raises(StartFailed, match=r"(?s)scheduler.*told to break"):
        await system.start()

    assert all(not process_runs(item.pid) for item in news if hasattr(item, "pid"))
    assert not (tmp_path / "endpoints.json").exists()


async def test_a_clean_stop_leaves_no_process_and_no_endpoints(tmp_path: Path) -> None:
    options = SystemOptions(state_dir=tmp_path, port=0, programs=stubs())
    with unless_missing():
        async with System(options) as system:
            pids = all_pids(system)
            os.kill(system.pid("worker"), SIGKILL)

    assert not [pid for pid in pids if process_runs(pid)]
    assert not (tmp_path / "endpoints.json").exists()


async def test_unknown_children_are_named(system: System) -> None:
    with pytest.raises(LookupError, match="worker-7"):
        system.kill("worker", 7)


def asked(metrics_url: str) -> dict[str, Any]:
    """Ask a stub what it was told."""
    url = metrics_url.replace("/metrics", "/health/ready")
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own stub
        told: dict[str, Any] = json.load(answer)
    return told


def answers_again(news: list[News], name: str) -> bool:
    return any(type(item).__name__ == "Ready" and getattr(item, "name", "").startswith(name) for item in news)


def without_pids(system: System) -> str:
    return str([part for part in str(system.endpoints).split(", ") if "pid=" not in part])


def all_pids(system: System) -> list[int]:
    names = ("kafka", "redis", "mosquitto", "gateway", "scheduler", "worker", "notifier")
    return [system.pid(name) for name in names]


def process_runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def list_of(folder: Path) -> list[Path]:
    return list(folder.glob("*"))
