"""Rendered Kubernetes manifests, and the questions that the tests ask about them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from support.our_services import SETTINGS
from support.programs import kustomize

Manifest = Mapping[str, Any]

_MADE_UP = {"XQ_OPERATOR_KEY": f"xq_{'k' * 43}"}


class Workload(NamedTuple):
    """A kind of pod, with its first container."""

    manifest: Manifest
    pod: Manifest
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name, which is the service's for our own."""
        return str(self.manifest["metadata"]["name"])

    @property
    def containers(self) -> list[Manifest]:
        """All containers, those that only start the others too."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def main(self) -> Manifest:
        """The container of the service."""
        (container,) = self.pod["containers"]
        return dict(container)


class Cluster:
    """Everything that one overlay would apply."""

    def __init__(self, text: str) -> None:
        self.manifests: list[Manifest] = [item for item in yaml.safe_load_all(text) if item]

    @classmethod
    def rendered(cls, folder: Path) -> "Cluster":
        """Render an overlay."""
        done = kustomize(folder)
        assert done.status == 0, done.problems
        return cls(done.out)

    def of_kind(self, *kinds: str) -> list[Manifest]:
        """Return the manifests of these kinds."""
        return [item for item in self.manifests if item["kind"] in kinds]

    def names(self, kind: str) -> set[str]:
        """Return the names of everything of a kind."""
        return {item["metadata"]["name"] for item in self.of_kind(kind)}

    def workloads(self) -> list[Workload]:
        """Return all kinds of pods."""
        return [_workload(item) for item in self.manifests if "template" in item.get("spec", {})]

    def services(self) -> list[Workload]:
        """Return the kinds of pods that are ours."""
        return [workload for workload in self.workloads() if workload.name in SETTINGS]

    def chosen(self, selector: Manifest) -> list[Workload]:
        """Return the kinds of pods that a selector finds."""
        return [workload for workload in self.workloads() if _matches(selector, workload.labels)]

    def environment(self, workload: Workload) -> dict[str, str]:
        """Return what a container is told; values that only the cluster knows are made up."""
        told: dict[str, str] = {}
        for source in workload.main.get("envFrom", []):
            told |= self._all_of(source)
        for item in workload.main.get("env", []):
            told[item["name"]] = item.get("value", "from-the-cluster")
        return told

    def _all_of(self, source: Manifest) -> Mapping[str, str]:
        if "secretRef" in source:
            names = self._data("Secret", source["secretRef"]["name"])
            return {name: _MADE_UP.get(name, "made-up://") for name in names}
        return self._data("ConfigMap", source["configMapRef"]["name"])

    def _data(self, kind: str, name: str) -> Mapping[str, str]:
        """Return what is in a ConfigMap or a Secret; nothing if it is made elsewhere."""
        return next((item["data"] for item in self.of_kind(kind) if item["metadata"]["name"] == name), {})


def _workload(manifest: Manifest) -> Workload:
    template = manifest["spec"]["template"]
    meta = template["metadata"]
    return Workload(manifest, template["spec"], meta.get("labels", {}), meta.get("annotations", {}))


def _matches(selector: Manifest, labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items()
    return wanted <= labels.items() and all(_holds(rule, labels) for rule in selector.get("matchExpressions", []))


def _holds(rule: Manifest, labels: Mapping[str, str]) -> bool:
    assert rule["operator"] == "In", "teach this function the other operators"
    return labels.get(rule["key"]) in rule["values"]


def probes(container: Manifest) -> Iterator[Manifest]:
    """Yield the container's probes."""
    return (container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in container)


def port_number(container: Manifest, port: str | int) -> int:
    """Return the number of a port, which may be given by name."""
    numbers = {item["name"]: int(item["containerPort"]) for item in container["ports"]}
    return numbers[port] if isinstance(port, str) else port
