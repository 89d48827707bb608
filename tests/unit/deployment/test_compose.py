"""The Compose project: valid, closed to other machines, and in agreement with the services that it runs."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.our_services import (
    ANYBODYS,
    ROOT,
    SETTINGS,
    VERSION,
    known,
    mentioned,
    open_to_all,
    ours,
    paths,
    port_of,
    read_settings,
)
from support.programs import compose

from xqueue_common.settings import misspelt

FILE = ROOT / "docker-compose.yml"
SPARE_S = 5
"""Between the end of a service's own patience and SIGKILL."""

Project = Mapping[str, Any]


def our_services(project: Project) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, service) for name, service in project["services"].items() if name in SETTINGS)


def seconds(span: str) -> float:
    """Read a span as compose-go prints it: 1m15s."""
    read = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?", span)
    assert read, span
    hours, minutes, rest = (float(part or 0) for part in read.groups())
    return hours * 3600 + minutes * 60 + rest


# The set-up of the project compiles the program that reads it, which may take longer than a test may.
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "broken",
    [
        "services: {a: {image: x, enviroment: {}}}",
        "services: {a: {image: x, depends_on: [b]}}",
        "services: {a: {image: x, volumes: ['data:/data']}}",
        "services: {a: {image: x, stop_grace_period: soon}}",
    ],
    ids=["unknown key", "unknown service", "unknown volume", "no span of time"],
)
def test_a_broken_file_is_refused(broken: str, tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(f"name: broken\n{broken}\n")
    assert compose(file).status == 1


def test_all_four_services_run(project: Project) -> None:
    assert {name for name, _ in our_services(project)} == set(SETTINGS)


def test_settings_are_known_and_in_their_ranges(project: Project) -> None:
    for name, service in our_services(project):
        told = service["environment"]
        assert ours(told) <= known(name), f"{name} does not read {sorted(ours(told) - known(name))}"
        read_settings(name, told)


def test_no_service_takes_a_setting_for_a_misspelt_one(project: Project) -> None:
    for name, service in our_services(project):
        assert misspelt(SETTINGS[name], service["environment"], {}) == {}


def test_settings_that_may_be_set_outside_are_known() -> None:
    assert mentioned(FILE.read_text()) <= ANYBODYS


def test_ports_agree_and_health_is_asked(project: Project) -> None:
    for name, service in our_services(project):
        port = port_of(name, service["environment"])
        assert open_to_all(name, service["environment"]), f"nobody outside the container reaches {name}"
        (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", " ".join(service["healthcheck"]["test"]))
        assert int(asked[0]) == port
        assert asked[1] in paths(name)
        for published in service.get("ports", []):
            assert published["target"] == port


def test_ports_are_open_to_this_machine_only(project: Project) -> None:
    for name, service in project["services"].items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_images_have_a_version(project: Project) -> None:
    for name, service in project["services"].items():
        image, _, tag = service["image"].rpartition(":")
        if name in SETTINGS:
            assert (image, tag) == (f"xqueue/{name}", VERSION)
            assert service["build"]["args"]["SERVICE"] == name
        else:
            assert re.fullmatch(r"v?\d+\.\d+[a-z0-9.-]*", tag), service["image"]


def test_our_images_can_come_from_elsewhere() -> None:
    done = compose(FILE, ["XQUEUE_IMAGES=registry.example.com/x", "XQUEUE_TAG=9.9"])
    assert done.status == 0, done.problems
    for name in SETTINGS:
        assert f'"registry.example.com/x/{name}:9.9"' in done.out


def test_everything_comes_back_and_has_bounds(project: Project) -> None:
    for name, service in project["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_our_containers_are_hardened(project: Project) -> None:
    for name, service in our_services(project):
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "/tmp" in service["tmpfs"], name  # noqa: S108  # a mount


def test_whoever_is_waited_for_says_when_it_is_ready(project: Project) -> None:
    for name, service in project["services"].items():
        for other, how in (service.get("depends_on") or {}).items():
            assert how["condition"] == "service_healthy", f"{name} on {other}"
            assert project["services"][other]["healthcheck"]["test"]


def test_services_wait_for_what_they_are_told_of(project: Project) -> None:
    for name, service in our_services(project):
        addresses = " ".join(value for value in service["environment"].values() if value)
        told = {
            other for other in project["services"] if re.search(rf"(?:^|[/@ ]){other}(?::|\b(?![/.-]))", addresses)
        }
        assert told - SETTINGS.keys() <= service["depends_on"].keys(), name


def test_a_stop_may_take_as_long_as_the_service_takes(project: Project) -> None:
    for name, service in our_services(project):
        patience_s = read_settings(name, service["environment"]).shutdown_s
        assert seconds(service["stop_grace_period"]) >= patience_s + SPARE_S, name


def test_a_single_kafka_replicates_nothing(project: Project) -> None:
    told = project["services"]["kafka"]["environment"]
    assert {value for name, value in told.items() if name.endswith(("_REPLICATION_FACTOR", "_MIN_ISR"))} == {"1"}
    for name, service in our_services(project):
        assert read_settings(name, service["environment"]).kafka_replication == 1


def test_kafka_is_where_the_services_look_for_it(project: Project) -> None:
    told = project["services"]["kafka"]["environment"]
    (volume,) = project["services"]["kafka"]["volumes"]
    assert told["KAFKA_LOG_DIRS"].startswith(f"{volume['target']}/"), "the log would go with the container"
    for name, service in our_services(project):
        bootstrap = read_settings(name, service["environment"]).kafka_bootstrap
        assert told["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{bootstrap}"


def test_redis_never_evicts_and_writes_no_file(project: Project) -> None:
    redis = project["services"]["redis"]
    told = redis_settings(ROOT / "deploy" / "redis" / "redis.conf")
    assert (told["maxmemory-policy"], told["appendonly"]) == ("noeviction", "no")
    assert told["dir"] in redis["tmpfs"]
    assert redis["command"][:2] == ["redis-server", "/etc/redis/redis.conf"]
    assert redis["command"][2:] == ["--maxmemory", told["maxmemory"]]


def redis_settings(file: Path) -> dict[str, str]:
    lines = (line.split(maxsplit=1) for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return dict(lines)


def test_what_is_mounted_is_there(project: Project) -> None:
    for name, service in project["services"].items():
        for volume in service.get("volumes", []):
            # The folder of examples is a stand-in for the user's handlers; Docker makes it if it is not there.
            if volume["type"] == "bind" and volume["target"] != "/handlers":
                assert Path(volume["source"]).exists(), f"{name}: {volume['source']}"
                assert volume["read_only"] is True
