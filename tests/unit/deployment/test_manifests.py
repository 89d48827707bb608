"""The Kubernetes manifests: valid, hardened, and in agreement with the services that they run."""

import re
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # published without types
import pytest
from support.manifests import Cluster, Manifest, Workload, port_number, probes
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

OLDEST, NEWEST = "1.30", "1.37"
"""Kubernetes versions: the first with `preStop: {sleep: …}` switched on, and the last whose schema we have."""

# Kinds that Kubernetes itself does not have, with what they cannot do without.
CUSTOM = {
    "ServiceMonitor": ("spec.selector", "spec.endpoints"),
    "PodMonitor": ("spec.selector", "spec.podMetricsEndpoints"),
    "ScaledObject": ("spec.scaleTargetRef.name", "spec.triggers"),
}

OPERATORS_SECRETS = {"xqueue-redis", "xqueue-history", "xqueue-mqtt"}
"""Secrets that are not in the repository: docs/deployment.md says how they are made."""

SPARE_S = 5
"""Between the end of a service's own patience and SIGKILL."""


def judge(manifest: Manifest, version: str) -> None:
    """Raise if Kubernetes would refuse a manifest; a kind that nobody knows is refused, too."""
    kind = manifest["kind"]
    if kind in CUSTOM:
        lacking = [path for path in CUSTOM[kind] if not at(manifest, path)]
        assert not lacking, f"{kind} {manifest['metadata']['name']} lacks {lacking}"
    else:
        kubernetes_validate.validate(dict(manifest), version, strict=True)


def at(manifest: Manifest, path: str) -> Any:
    found: Any = manifest
    for part in path.split("."):
        found = (found or {}).get(part)
    return found


def test_every_manifest_is_one_that_kubernetes_takes(cluster: Cluster) -> None:
    for manifest in cluster.manifests:
        judge(manifest, OLDEST)
        judge(manifest, NEWEST)


@pytest.mark.parametrize(
    "broken",
    [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"prots": []}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": [{"port": "http"}]}},
        {"apiVersion": "example.com/v1", "kind": "Unheard", "metadata": {"name": "x"}},
        {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "x"}, "spec": {}},
    ],
    ids=["unknown field", "wrong type", "unknown kind", "custom kind without its fields"],
)
def test_a_broken_manifest_is_refused(broken: Manifest) -> None:
    with pytest.raises(
        (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError, AssertionError)
    ):
        judge(broken, NEWEST)


def test_all_four_services_run(cluster: Cluster) -> None:
    assert {workload.name for workload in cluster.services()} == set(SETTINGS)


def test_nothing_is_applied_outside_the_namespace(cluster: Cluster) -> None:
    (namespace,) = {item["metadata"].get("namespace") for item in cluster.manifests if item["kind"] != "Namespace"}
    assert cluster.names("Namespace") <= {namespace}


def test_every_container_is_hardened(cluster: Cluster) -> None:
    for workload in cluster.workloads():
        assert workload.pod["securityContext"]["runAsNonRoot"] is True
        assert workload.pod["securityContext"]["runAsUser"] > 0
        assert workload.pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert workload.pod["automountServiceAccountToken"] is False
        # Kubernetes would tell a pod of ours of every Service in variables; Kafka takes some for settings.
        assert workload.pod["enableServiceLinks"] is False
        for container in workload.containers:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] is (workload.name != "kafka")


def test_every_container_says_what_it_needs(cluster: Cluster) -> None:
    for workload in cluster.workloads():
        for container in workload.containers:
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys()
            assert "memory" in resources["limits"]
            # A throttled process misses its heartbeats.
            assert "cpu" not in resources["limits"]


def test_images_have_a_version(cluster: Cluster) -> None:
    for workload in cluster.workloads():
        for container in workload.containers:
            _, _, tag = container["image"].rpartition(":")
            assert re.fullmatch(r"v?\d+\.\d+[a-z0-9.-]*", tag), container["image"]


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


def test_addresses_are_told(cluster: Cluster) -> None:
    for workload in cluster.services():
        told = cluster.environment(workload)
        assert told["XQ_KAFKA_BOOTSTRAP"]
        if workload.name == "notifier":
            assert told["XQ_MQTT_HOST"]


def test_addresses_that_may_hold_a_password_come_from_secrets(cluster: Cluster) -> None:
    secrets_of = {
        "gateway": {"xqueue-redis", "xqueue-history"},
        "scheduler": {"xqueue-redis"},
        # Handlers are other people's code: the worker knows of nothing that it does not need.
        "worker": {"xqueue-redis"},
        "notifier": {"xqueue-history", "xqueue-mqtt"},
    }
    for workload in cluster.services():
        named = {
            base_name(source["secretRef"]["name"]) for source in workload.main["envFrom"] if "secretRef" in source
        }
        assert named == secrets_of[workload.name]
    for config in cluster.of_kind("ConfigMap"):
        assert not {"XQ_REDIS_URL", "XQ_HISTORY_URL", "XQ_MQTT_PASSWORD"} & config.get("data", {}).keys()


def test_what_is_referred_to_is_there(cluster: Cluster) -> None:
    there = {"configMapRef": cluster.names("ConfigMap"), "secretRef": cluster.names("Secret") | OPERATORS_SECRETS}
    for workload in cluster.workloads():
        for container in workload.containers:
            for source in container.get("envFrom", []):
                for kind, names in there.items():
                    assert kind not in source or source[kind]["name"] in names
        volumes = {item["name"]: item for item in workload.pod.get("volumes", [])}
        claims = {item["metadata"]["name"] for item in workload.manifest["spec"].get("volumeClaimTemplates", [])}
        for container in workload.containers:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes.keys() | claims
        for volume in volumes.values():
            assert "configMap" not in volume or volume["configMap"]["name"] in there["configMapRef"]


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
        before_s = at(workload.main, "lifecycle.preStop.sleep.seconds") or 0
        assert workload.pod["terminationGracePeriodSeconds"] >= before_s + settings.shutdown_s + SPARE_S


def test_names_that_must_be_stable_come_from_the_pod(cluster: Cluster) -> None:
    by_name = {workload.name: workload for workload in cluster.services()}
    for service, variable in (("scheduler", "XQ_SCHEDULER_ID"), ("worker", "XQ_WORKER_ID")):
        (item,) = [item for item in by_name[service].main["env"] if item["name"] == variable]
        assert item["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert by_name["scheduler"].manifest["kind"] == "StatefulSet"


def test_gateways_are_spread_over_the_nodes(cluster: Cluster) -> None:
    (gateway,) = [workload for workload in cluster.services() if workload.name == "gateway"]
    keys = {constraint["topologyKey"] for constraint in gateway.pod["topologySpreadConstraints"]}
    assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    for constraint in gateway.pod["topologySpreadConstraints"]:
        assert [found.name for found in cluster.chosen(constraint["labelSelector"])] == ["gateway"]


def test_selectors_find_somebody(cluster: Cluster) -> None:
    for workload in cluster.workloads():
        assert [found.name for found in cluster.chosen(workload.manifest["spec"]["selector"])] == [workload.name]
    for service in cluster.of_kind("Service"):
        (found,) = cluster.chosen({"matchLabels": service["spec"]["selector"]})
        for port in service["spec"]["ports"]:
            port_number(found.main, port["targetPort"])
    for budget in cluster.of_kind("PodDisruptionBudget"):
        assert [found.name for found in cluster.chosen(budget["spec"]["selector"])] == [budget["metadata"]["name"]]
    for policy in cluster.of_kind("NetworkPolicy"):
        assert cluster.chosen(policy["spec"]["podSelector"]), policy["metadata"]["name"]


def test_what_is_scaled_is_there_and_has_no_number_of_its_own(cluster: Cluster) -> None:
    targets = {scaler["spec"]["scaleTargetRef"]["name"] for scaler in cluster.of_kind("ScaledObject")}
    targets |= {scaler["spec"]["scaleTargetRef"]["name"] for scaler in cluster.of_kind("HorizontalPodAutoscaler")}
    scaled = {workload.name for workload in cluster.workloads() if "replicas" not in workload.manifest["spec"]}
    assert scaled == targets


def test_every_worker_can_have_an_inbox(cluster: Cluster) -> None:
    (worker,) = [workload for workload in cluster.services() if workload.name == "worker"]
    most = [scaler["spec"]["maxReplicaCount"] for scaler in cluster.of_kind("ScaledObject")]
    workers = most[0] if most else worker.manifest["spec"]["replicas"]
    # In a rollout each may be there twice: the new one, and the old one that drains.
    assert read_settings("worker", cluster.environment(worker)).inboxes >= 2 * workers


def test_gpu_workers_ask_for_a_gpu(everything: Cluster) -> None:
    (worker,) = [workload for workload in everything.services() if workload.name == "worker"]
    assert worker.main["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert worker.main["image"].partition(":")[0].endswith("/worker-cuda")
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in worker.pod["tolerations"]


def test_pods_of_ours_are_closed_but_for_what_is_named(everything: Cluster) -> None:
    def lets_in(workload: Workload) -> list[Manifest]:
        policies = everything.of_kind("NetworkPolicy")
        mine = [item["spec"] for item in policies if workload in everything.chosen(item["spec"]["podSelector"])]
        incoming = [spec for spec in mine if "Ingress" in spec["policyTypes"]]
        assert incoming, f"anybody may call {workload.name}"
        return [rule for spec in incoming for rule in spec.get("ingress", [])]

    for workload in everything.services():
        to_all = [rule for rule in lets_in(workload) if "from" not in rule]
        assert to_all == ([{"ports": [{"port": "http"}]}] if workload.name == "gateway" else [])


def base_name(name: str) -> str:
    """Return a name without the hash that kustomize hangs on generated ones."""
    return re.sub(r"-[a-z0-9]{10}\Z", "", name)
