"""The Kubernetes manifests: valid, hardened, and complete in themselves."""

import re
from typing import Any

import kubernetes_validate
import pytest
from support.manifests import Cluster, Manifest, Workload, port_number
from support.our_services import SETTINGS

OLDEST, NEWEST = "1.30", "1.37"
"""Kubernetes versions: the first with `preStop: {sleep: …}` switched on, and the last whose schema we have."""

# Kinds that Kubernetes itself does not have, with what they cannot do without.
CUSTOM = {
    "PodMonitor": ("spec.selector", "spec.podMetricsEndpoints"),
    "ScaledObject": ("spec.scaleTargetRef.name", "spec.triggers"),
}

OPERATORS_SECRETS = {"xqueue-redis", "xqueue-history", "xqueue-mqtt", "xqueue-artifacts", "xqueue-access"}
"""Secrets that are not in the repository: docs/deployment.md says how they are made."""


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


def test_a_node_can_be_emptied_without_stopping_a_service(cluster: Cluster) -> None:
    budgets = {budget["metadata"]["name"]: budget["spec"] for budget in cluster.of_kind("PodDisruptionBudget")}
    assert budgets.keys() == set(SETTINGS)
    for name, spec in budgets.items():
        # With minAvailable a service of one pod could never be moved.
        assert spec["maxUnavailable"] in {1, "25%"}, name


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
            claim = volume.get("persistentVolumeClaim")
            assert claim is None or claim["claimName"] in cluster.names("PersistentVolumeClaim")


def test_each_service_is_spread_over_nodes_and_zones(cluster: Cluster) -> None:
    for workload in cluster.services():
        constraints = workload.pod["topologySpreadConstraints"]
        assert [item["topologyKey"] for item in constraints] == [
            "kubernetes.io/hostname",
            "topology.kubernetes.io/zone",
        ]
        for constraint in constraints:
            labels = {key: workload.labels[key] for key in constraint["matchLabelKeys"]}
            both = {"matchLabels": constraint["labelSelector"]["matchLabels"] | labels}
            assert cluster.chosen(both) == [workload]


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


def test_pods_of_ours_are_closed_but_for_what_is_named(everything: Cluster) -> None:
    def lets_in(workload: Workload) -> list[Manifest]:
        policies = everything.of_kind("NetworkPolicy")
        mine = [item["spec"] for item in policies if workload in everything.chosen(item["spec"]["podSelector"])]
        incoming = [spec for spec in mine if "Ingress" in spec["policyTypes"]]
        assert incoming, f"anybody may call {workload.name}"
        return [rule for spec in incoming for rule in spec.get("ingress", [])]

    for workload in everything.services():
        assert [rule for rule in lets_in(workload) if not rule.get("from")] == []
        named = [selector for rule in lets_in(workload) for selector in rule["from"]]
        clients = {"namespaceSelector": {"matchLabels": {"xqueue-client": "true"}}}
        assert (clients in named) is (workload.name == "gateway")
