"""What Prometheus and Grafana read: valid, tested, and about metrics that the services have."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.manifests import Cluster, Workload, port_number
from support.our_metrics import described, series
from support.our_services import ROOT, SETTINGS, paths, port_of
from support.programs import promtool

FOLDER = ROOT / "observability"
PROMETHEUS = FOLDER / "prometheus"
ALERTS = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))


def asked_for(expressions: Iterable[str]) -> set[str]:
    """Return the series of ours that some expressions ask for."""
    return {name for text in expressions for name in re.findall(r"\bxqueue_\w+", text)}


def rules() -> list[Mapping[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def test_prometheus_takes_its_configuration() -> None:
    done = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert done.status == 0, done.problems


def test_alerts_fire_when_they_should_and_only_then() -> None:
    done = promtool("test", "rules", PROMETHEUS / "alerts_test.yml")
    assert done.status == 0, done.problems


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("sum by (cell)", "sum by cell"), ("XQueuePositionLost", "XQueuePosition"), ("[5m]))\n", "[5m]))) > 0\n")],
    ids=["syntax", "name", "brackets"],
)
def test_broken_alerts_are_refused(right: str, wrong: str, tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    alerts = tmp_path / "alerts.yml"
    assert right in alerts.read_text()
    alerts.write_text(alerts.read_text().replace(right, wrong))
    assert promtool("test", "rules", tmp_path / "alerts_test.yml").status != 0


def test_a_broken_configuration_is_refused(tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    config = tmp_path / "prometheus.yml"
    config.write_text(config.read_text().replace("rule_files", "rules_files"))
    assert promtool("check", "config", config).status != 0


def test_every_alert_is_tested() -> None:
    tested = (PROMETHEUS / "alerts_test.yml").read_text()
    for rule in rules():
        name = rule["alert"]
        assert f'alertname="{name}"' in tested or f"alertname: {name}" in tested, name


def test_alerts_are_tested_on_series_like_the_real_ones() -> None:
    labels_of = {name: set(metric.labels) for metric in described() for name in metric.series()}
    tests = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]
    made_up = [item["series"] for test in tests for item in test.get("input_series", [])]
    for name, inside in re.findall(r"^(xqueue_\w+)\{(.*)\}$", "\n".join(made_up), re.MULTILINE):
        labels = set(re.findall(r"(\w+)=", inside)) - {"instance", "le"}
        assert labels == labels_of[name], name


def test_every_alert_tells_a_person_what_it_means() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_alerts_ask_for_metrics_that_exist() -> None:
    assert asked_for(rule["expr"] for rule in rules()) <= series()


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_dashboards_ask_for_metrics_that_exist(file: Path) -> None:
    dashboard = json.loads(file.read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert expressions
    assert asked_for(expressions) <= series()


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.name)
def test_dashboards_can_be_parsed_by_prometheus(file: Path, tmp_path: Path) -> None:
    dashboard = json.loads(file.read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert promtool("check", "rules", recorded(expressions, tmp_path)).status == 0
    assert promtool("check", "rules", recorded(["sum(", *expressions], tmp_path)).status != 0


def test_workers_are_scaled_by_a_metric_that_exists(everything: Cluster, tmp_path: Path) -> None:
    (scaler,) = everything.of_kind("ScaledObject")
    (trigger,) = scaler["spec"]["triggers"]
    assert asked_for([trigger["metadata"]["query"]]) <= series()
    assert promtool("check", "rules", recorded([trigger["metadata"]["query"]], tmp_path)).status == 0


@pytest.mark.parametrize(
    ("running", "offered", "told"),
    [
        ([100, 100], [100, 100], 1.0),
        ([80, 81], [100, 100], 0.9),
        ([79, 80], [100, 100], 0.8),
        ([31, 30], [100, 100], 0.8),
        ([20, 20], [100, 100], 0.2),
        ([90, 60], [100, 0], 0.9),
        ([0, 0], [100, 0], 0),
        ([7, 0], [0, 0], None),
    ],
    ids=["full", "busy", "nearly", "usual", "calm", "one retires", "idle", "all retire"],
)
def test_workers_are_scaled_by_how_busy_those_that_serve_are(
    everything: Cluster, tmp_path: Path, running: list[int], offered: list[int], told: float | None
) -> None:
    (scaler,) = everything.of_kind("ScaledObject")
    (trigger,) = scaler["spec"]["triggers"]
    slots = {"running": running, "offered": offered}
    series_of = [
        {"series": f'xqueue_worker_slots{{instance="worker-{n}",state="{state}"}}', "values": str(value)}
        for state, values in slots.items()
        for n, value in enumerate(values)
    ]
    expected = [] if told is None else [{"labels": "{}", "value": told}]
    asked = {"expr": trigger["metadata"]["query"], "eval_time": "0", "exp_samples": expected}
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"tests": [{"input_series": series_of, "promql_expr_test": [asked]}]}))
    done = promtool("test", "rules", file)
    assert done.status == 0, done.problems


def recorded(expressions: Iterable[str], folder: Path) -> Path:
    """Write expressions down as rules, which promtool can judge."""
    listed = [{"record": f"expression:{n}", "expr": text} for n, text in enumerate(expressions)]
    file = folder / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": listed}]}))
    return file


def test_jobs_have_the_same_names_everywhere(everything: Cluster) -> None:
    (rule,) = endpoint(everything)["relabelings"]
    assert rule["sourceLabels"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    watched = {rule["replacement"].replace("$1", pod.labels["app.kubernetes.io/name"]) for pod in pods(everything)}
    assert rule["targetLabel"] == "job"
    assert watched == {job["job_name"] for job in scrape_configs()} == {f"xqueue-{name}" for name in SETTINGS}


def test_docker_is_scraped_where_the_services_answer(project: Mapping[str, Any]) -> None:
    for job in scrape_configs():
        (found,) = job["dns_sd_configs"]
        (name,) = found["names"]
        assert found["port"] == port_of(name, project["services"][name]["environment"])
        assert job.get("metrics_path", "/metrics") in paths(name)


def test_pods_are_scraped_where_the_services_answer(everything: Cluster) -> None:
    asked = endpoint(everything)
    for workload in pods(everything):
        port = port_number(workload.main, asked["port"])
        assert port == port_of(workload.name, everything.environment(workload))
        assert asked["path"] in paths(workload.name)


def scrape_configs() -> list[Mapping[str, Any]]:
    configs: list[Mapping[str, Any]] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    return configs


def endpoint(cluster: Cluster) -> Mapping[str, Any]:
    (monitor,) = cluster.of_kind("PodMonitor")
    (found,) = monitor["spec"]["podMetricsEndpoints"]
    return dict(found)


def pods(cluster: Cluster) -> list[Workload]:
    (monitor,) = cluster.of_kind("PodMonitor")
    return cluster.chosen(monitor["spec"]["selector"])


def test_kubernetes_gets_the_same_files(everything: Cluster) -> None:
    data = {item["metadata"]["name"]: item["data"] for item in everything.of_kind("ConfigMap")}
    assert data["xqueue-alerts"]["alerts.yml"] == (PROMETHEUS / "alerts.yml").read_text()
    (dashboard,) = DASHBOARDS
    assert data["xqueue-dashboards"][dashboard.name] == dashboard.read_text()
