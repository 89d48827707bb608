"""What is read once for all tests: each overlay rendered, and the Compose file as Docker Compose understands it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.manifests import Cluster
from support.our_services import ROOT
from support.programs import compose

OVERLAYS = {
    "dev": ROOT / "k8s" / "overlays" / "dev",
    "production": ROOT / "k8s" / "overlays" / "production",
    "everything": Path(__file__).parent / "everything",
}


@pytest.fixture(scope="session", params=sorted(OVERLAYS))
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """One overlay after the other."""
    return Cluster.rendered(OVERLAYS[request.param])


@pytest.fixture(scope="session")
def everything() -> Cluster:
    """The base with all components."""
    return Cluster.rendered(OVERLAYS["everything"])


@pytest.fixture(scope="session")
def project() -> Mapping[str, Any]:
    """The Compose project with nothing set in the environment."""
    done = compose(ROOT / "docker-compose.yml")
    assert done.status == 0, done.problems
    understood: Mapping[str, Any] = json.loads(done.out)
    return understood
