"""The Kubernetes manifests agree with the services that they run: settings, ports, probes, patience."""

import re

from support.manifests import Cluster, Workload, port_number, probes
from support.our_services import (
    ANYBODYS,
    SETTINGS,
    VERSION,
    known,
    open_to_all,
    ours,
    paths,
    port_of,
    read_settings,
)

from xqueue_common.settings import misspelt
from xqueue_embedded.pool.settings import PoolSettings
from xqueue_worker import retire

SPARE_S = 5
"""Between the end of a service's own patience and SIGKILL."""


def test_all_four_services_run(cluster: Cluster) -> None:
    assert {workload.name for workload in cluster.services()} == set(SETTINGS)


def test_our_images_are_of_this_version(cluster: Cluster) -> None:
    for workload in cluster.services():
        name, _, tag = workload.main["image"].rpartition(":")
        assert name.rsplit("/")[-1].removesuffix("-cuda") == workload.name
        assert tag == VERSION


def test_settings_are_known(cluster: Cluster) -> None:
    for workload in cluster.services():
        own = {item["name"] for item in workload.main["env"]}
        assert own <= known(workload.name), f"{workload.name} does not read {sorted(own - known(workload.name))}"
        assert ours(cluster.environment(workload)) <= ANYBODYS


def test_settings_are_in_their_ranges(cluster: Cluster) -> None:
    for workload in cluster.services():
        read_settings(workload.name, cluster.environment(workload))


def test_no_service_takes_a_setting_for_a_misspelt_one(cluster: Cluster) -> None:
    for workload in cluster.services():
        assert misspelt(SETTINGS[workload.name], cluster.environment(workload), {}) == {}


def test_no_topic_has_more_replicas_than_there_are_brokers(cluster: Cluster) -> None:
    brokers = [
        item["spec"]["replicas"] for item in cluster.of_kind("StatefulSet") if item["metadata"]["name"] == "kafka"
    ]
    for workload in cluster.services():
        told = read_settings(workload.name, cluster.environment(workload))
        assert told.kafka_replication == (brokers[0] if brokers else 3)


def test_addresses_are_told(cluster: Cluster) -> None:
    for workload in cluster.services():
        told = cluster.environment(workload)
        assert told["XQ_KAFKA_BOOTSTRAP"]
        if workload.name == "notifier":
            assert told["XQ_MQTT_HOST"]


def test_addresses_that_may_hold_a_password_come_from_secrets(cluster: Cluster) -> None:
    secrets_of = {
        "gateway": {"xqueue-redis", "xqueue-history", "xqueue-artifacts", "xqueue-access"},
        "scheduler": {"xqueue-redis"},
        # Handlers are other people's code: the worker knows of nothing that it does not need.
        "worker": {"xqueue-redis", "xqueue-artifacts"},
        "notifier": {"xqueue-history", "xqueue-mqtt", "xqueue-artifacts"},
    }
    for workload in cluster.services():
        named = {
            base_name(source["secretRef"]["name"]) for source in workload.main["envFrom"] if "secretRef" in source
        }
        assert named == secrets_of[workload.name]
    for config in cluster.of_kind("ConfigMap"):
        assert not {"XQ_REDIS_URL", "XQ_HISTORY_URL", "XQ_MQTT_PASSWORD"} & config.get("data", {}).keys()


def test_ports_agree(cluster: Cluster) -> None:
    for workload in cluster.services():
        told = cluster.environment(workload)
        (port,) = workload.main["ports"]
        assert port["containerPort"] == port_of(workload.name, told)
        assert open_to_all(workload.name, told), f"nobody outside the pod reaches {workload.name}"
        assert workload.annotations["prometheus.io/port"] == str(port["containerPort"])
        assert workload.annotations["prometheus.io/path"] in paths(workload.name)


def test_probes_are_answered(cluster: Cluster) -> None:
    for workload in cluster.services():
        asked = list(probes(workload.main))
        assert len(asked) == 3
        for probe in asked:
            assert probe["httpGet"]["path"] in paths(workload.name)
            port = port_number(workload.main, probe["httpGet"]["port"])
            assert port == port_of(workload.name, cluster.environment(workload))


def test_a_rebuild_is_not_taken_for_a_fault(cluster: Cluster) -> None:
    # Not being ready may last for minutes; what kills must ask whether the process lives.
    for workload in cluster.services():
        assert workload.main["livenessProbe"]["httpGet"]["path"].endswith("/live")
        assert workload.main["startupProbe"]["httpGet"]["path"].endswith("/live")
        assert workload.main["readinessProbe"]["httpGet"]["path"].endswith("/ready")


def test_a_stop_may_take_as_long_as_the_service_takes(cluster: Cluster) -> None:
    for workload in cluster.services():
        settings = read_settings(workload.name, cluster.environment(workload))
        before_s = seconds_before_sigterm(workload)
        assert workload.pod["terminationGracePeriodSeconds"] >= before_s + settings.shutdown_s + SPARE_S


def test_names_that_must_be_stable_come_from_the_pod(cluster: Cluster) -> None:
    by_name = {workload.name: workload for workload in cluster.services()}
    for service, variable in (("scheduler", "XQ_SCHEDULER_ID"), ("worker", "XQ_WORKER_ID")):
        (item,) = [item for item in by_name[service].main["env"] if item["name"] == variable]
        assert item["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert by_name["scheduler"].manifest["kind"] == "StatefulSet"


def test_every_worker_can_have_an_inbox(cluster: Cluster) -> None:
    (worker,) = [workload for workload in cluster.services() if workload.name == "worker"]
    most = [scaler["spec"]["maxReplicaCount"] for scaler in cluster.of_kind("ScaledObject")]
    workers = most[0] if most else worker.manifest["spec"]["replicas"]
    # In a rollout each may be there twice: the new one, and the old one that drains.
    assert read_settings("worker", cluster.environment(worker)).inboxes >= 2 * workers


def test_workers_are_scaled_by_the_thresholds_of_the_pool(everything: Cluster) -> None:
    (scaler,) = everything.of_kind("ScaledObject")
    (trigger,) = scaler["spec"]["triggers"]
    usual = PoolSettings()
    assert trigger["metricType"] == "Value"
    assert float(trigger["metadata"]["threshold"]) == usual.pool_up
    assert f">= {usual.pool_up:g}" in trigger["metadata"]["query"]
    assert f"> {usual.pool_down:g}" in trigger["metadata"]["query"]
    assert scaler["spec"]["pollingInterval"] == usual.pool_every_s
    down = scaler["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == usual.pool_every_s
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": usual.pool_every_s}]


def test_a_worker_that_is_scaled_in_finishes_first(cluster: Cluster) -> None:
    (worker,) = [workload for workload in cluster.services() if workload.name == "worker"]
    assert asks_to_retire(worker), "SIGTERM is all that it would get"


def test_gpu_workers_ask_for_a_gpu(everything: Cluster) -> None:
    (worker,) = [workload for workload in everything.services() if workload.name == "worker"]
    assert worker.main["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert worker.main["image"].partition(":")[0].endswith("/worker-cuda")
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in worker.pod["tolerations"]


def base_name(name: str) -> str:
    """Return a name without the hash that kustomize hangs on generated ones."""
    return re.sub(r"-[a-z0-9]{10}\Z", "", name)


def seconds_before_sigterm(workload: Workload) -> float:
    """Return how long Kubernetes waits before it tells a container to stop."""
    hook = workload.main.get("lifecycle", {}).get("preStop", {})
    if asks_to_retire(workload):
        waits: float = retire.arguments().parse_args(hook["exec"]["command"][3:]).wait
        return waits
    before: float = hook.get("sleep", {}).get("seconds", 0)
    return before


def asks_to_retire(workload: Workload) -> bool:
    """Return whether a container asks its worker to retire before it is told to stop."""
    command = workload.main.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
    return bool(command[:3] == ["python", "-m", retire.__name__])
