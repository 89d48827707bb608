"""The pages for operators: every alert has its heading, and what they name exists."""

import re

import pytest
import yaml
from support.our_services import ANYBODYS, ROOT, mentioned, paths

from xqueue_common.settings import variables
from xqueue_embedded.pool.settings import PoolSettings

DOCS = ROOT / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text()
DEPLOYMENT = (DOCS / "deployment.md").read_text()
PAGES = {"runbook": RUNBOOK, "deployment": DEPLOYMENT, "metrics": (DOCS / "metrics.md").read_text()}

ALERTS = [
    rule["alert"]
    for group in yaml.safe_load((ROOT / "observability" / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def test_every_alert_has_its_heading_and_every_heading_its_alert() -> None:
    assert re.findall(r"^### (XQueue\w+)$", RUNBOOK, re.MULTILINE) == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_explained(alert: str) -> None:
    section = RUNBOOK.partition(f"### {alert}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    assert re.findall(r"^\*\*(\w+):\*\* \S", section, re.MULTILINE) == ["Means", "Look", "Do"]


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_are_named_exist(page: str) -> None:
    assert mentioned(PAGES[page]) <= ANYBODYS | set(variables(PoolSettings))


@pytest.mark.parametrize("page", PAGES)
def test_calls_that_are_named_exist(page: str) -> None:
    called = re.findall(r"`GET (/[\w/{}.-]+)", PAGES[page])
    normalised = {re.sub(r"\{\w+\}", "{}", path) for path in paths("gateway")}
    assert {re.sub(r"\{\w+\}", "{}", path) for path in called} <= normalised


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGES[page]):
        assert (DOCS / target).exists(), target


def test_secrets_that_manifests_ask_for_are_explained() -> None:
    manifests = "".join(file.read_text() for file in (ROOT / "k8s" / "base").glob("*.yaml"))
    asked = set(re.findall(r"secretRef: \{name: ([\w-]+)", manifests))
    assert asked
    assert asked == set(re.findall(r"create secret generic ([\w-]+)", DEPLOYMENT))
