"""The metrics: named as Prometheus wants them, and all in the table of docs/metrics.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.our_metrics import IMPORTED, Described, described, exposed, of_service
from support.our_services import ROOT, SETTINGS
from support.programs import promtool

import xqueue_worker.backends.metrics
import xqueue_worker.metrics
import xqueue_worker.resident_metrics

PAGE = ROOT / "docs" / "metrics.md"
BASE_UNITS = ("seconds", "bytes")
"""Those of Prometheus that we need; whoever measures in one has it at the end of the name."""


class Row(NamedTuple):
    """A row of the table."""

    described: Described
    unit: str
    meaning: str


def table() -> Iterator[Row]:
    for line in re.findall(r"^\| `xqueue_.*\|$", PAGE.read_text(), re.MULTILINE):
        name, kind, unit, labels, meaning = (cell.strip() for cell in line.strip("|").split("|"))
        yield Row(Described(name.strip("`"), kind, tuple(re.findall(r"`(\w+)`", labels))), unit, meaning)


def test_the_page_has_every_metric_and_no_other() -> None:
    assert sorted(row.described for row in table()) == sorted(described())


def test_every_metric_is_explained() -> None:
    assert [row.described.name for row in table() if not (row.meaning and row.unit)] == []


@pytest.mark.parametrize("unit", BASE_UNITS)
def test_what_is_measured_in_a_base_unit_says_so_in_its_name(unit: str) -> None:
    named = {row.described.name for row in table() if row.described.name.removesuffix("_total").endswith(unit)}
    assert {row.described.name for row in table() if row.unit == unit} == named


def test_names_begin_with_their_service() -> None:
    named = [metric for service in SETTINGS for metric in of_service(service)]
    assert sorted(named) == sorted(described())
    assert all(any(of_service(service)) for service in SETTINGS), "a service without metrics"


def test_only_counters_are_called_totals() -> None:
    for metric in described():
        assert metric.name.endswith("_total") is (metric.kind == "counter"), metric.name


def test_prometheus_has_nothing_to_say_against_the_names() -> None:
    done = promtool("check", "metrics", read=exposed())
    assert (done.status, done.problems) == (0, "")


@pytest.mark.parametrize(
    "bad",
    ["# HELP x_total X\n# TYPE x_total gauge\nx_total 1\n", "# HELP x_ms X\n# TYPE x_ms gauge\nx_ms 1\n"],
    ids=["a total that is none", "no base unit"],
)
def test_bad_names_are_found(bad: str) -> None:
    assert promtool("check", "metrics", read=bad).status != 0


def test_metrics_are_made_where_this_test_looks_for_them() -> None:
    workers = (xqueue_worker.metrics, xqueue_worker.backends.metrics, xqueue_worker.resident_metrics)
    looked_at = {Path(module.__file__ or "") for module in (*IMPORTED, *workers)}
    makers = re.compile(r"\b(?:Counter|Gauge|Histogram|Summary|Info|Enum|\w+MetricFamily)\(\s*f?[\"']")
    sources = (file for folder in ("libs", "services") for file in (ROOT / folder).rglob("src/**/*.py"))
    assert {file for file in sources if makers.search(file.read_text())} == looked_at
