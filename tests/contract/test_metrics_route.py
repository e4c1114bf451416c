"""What Prometheus reads, and that the dashboard asks for nothing that is not there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.conftest import EMPLOYEES

DASHBOARD = Path(__file__).parents[2] / "deploy" / "observability" / "dashboard.json"
SECRET_LOOKING = "AKIAIOSFODNN7EXAMPLE"
# What Prometheus and Grafana add themselves.
OF_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def text(client: httpx.Client) -> str:
    """What a back end tells that was asked a few questions, and had a few requests that it refused."""
    for question in (EMPLOYEES, EMPLOYEES, "What is the weather on Mars tomorrow?", SECRET_LOOKING):
        client.post("/query", json={"question": question})
    client.post("/query/stream", json={"question": EMPLOYEES}).read()
    client.post("/query", json={"question": ""})
    client.get(f"/passages/{SECRET_LOOKING}", params={"token": SECRET_LOOKING})
    client.get(f"/{SECRET_LOOKING}")
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return response.raise_for_status().text


@pytest.fixture(scope="module")
def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def series(families: dict[str, Metric]) -> set[str]:
    """The names that a query can ask for."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {f"{name}{suffix}" for name, family in families.items() for suffix in suffixes.get(family.type, ("",))}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    samples = [sample for family in families.values() for sample in family.samples if sample.name == name]
    found = [sample.value for sample in samples if sample.labels == labels]
    assert len(found) == 1, (name, labels, samples)
    return found[0]


def queries(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]


def names_in(query: str) -> set[str]:
    """The metrics a query names: what stands before `{`, and whatever is called like ours or the process's."""
    return set(re.findall(r"([A-Za-z_:][\w:]*)\s*\{", query)) | set(re.findall(r"\b(?:finrag|process)_\w+", query))


def test_every_metric_of_the_dashboard_is_exported(families: dict[str, Metric]) -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert len(dashboard["panels"]) >= 15
    for query in queries(dashboard):
        assert names_in(query)
        assert names_in(query) <= series(families), query


@pytest.mark.parametrize(
    "planted",
    [
        "rate(finrag_http_request_total[5m])",
        'sum(finrag_queries{status="answered"})',
        "finrag_query_stage_seconds",
        'up_to_nothing{job="x"}',
        "histogram_quantile(0.5, finrag_query_duration_seconds_buckets)",
    ],
)
def test_a_wrong_name_in_the_dashboard_would_be_found(families: dict[str, Metric], planted: str) -> None:
    assert not names_in(planted) <= series(families)


def test_labels_of_the_dashboard_are_those_of_the_metrics(families: dict[str, Metric]) -> None:
    labels = {sample.name: set(sample.labels) for family in families.values() for sample in family.samples}
    for query in queries(json.loads(DASHBOARD.read_text(encoding="utf-8"))):
        asked = {name.strip() for found in re.findall(r"by \(([^)]*)\)", query) for name in found.split(",")}
        asked |= set(re.findall(r"[{,](\w+)[=!]~?\"", query))
        known = [labels[name] for name in names_in(query) if name in labels]
        if known:
            assert asked <= set.union(*known) | OF_PROMETHEUS, query


def test_requests_are_counted_by_template_method_and_status(families: dict[str, Metric]) -> None:
    name = "finrag_http_requests_total"
    assert value(families, name, route="/query", method="POST", status="200") >= 4
    assert value(families, name, route="/query", method="POST", status="422") >= 1
    assert value(families, name, route="/passages/{passage_id}", method="GET", status="404") >= 1
    assert value(families, name, route="unmatched", method="GET", status="404") >= 1


def test_nothing_a_client_wrote_is_a_label(text: str) -> None:
    assert SECRET_LOOKING not in text
    assert "Orquenna" not in text


def test_queries_are_counted_as_they_ended(families: dict[str, Metric]) -> None:
    assert value(families, "finrag_queries_total", status="answered") >= 3
    assert value(families, "finrag_queries_total", status="abstained") >= 1
    assert value(families, "finrag_queries_total", status="failed") == 0
    assert value(families, "finrag_queries_cached_total") >= 1
    assert value(families, "finrag_query_stage_seconds_count", stage="understanding") >= 2


def test_state_is_that_of_the_health_route(client: httpx.Client, families: dict[str, Metric]) -> None:
    health = client.get("/health").json()
    assert value(families, "finrag_index_info", version=health["index_version"]) == 1
    assert value(families, "finrag_index_passages") == health["passages"]
    assert value(families, "finrag_index_filings") == health["filings"]
    assert value(families, "finrag_ready") == 1
    assert value(families, "finrag_degraded") == 0
    assert value(families, "finrag_store_reachable") == 1
    assert value(families, "process_resident_memory_bytes") / 2**20 == pytest.approx(health["rss_mb"], rel=0.3)


def test_every_metric_says_what_it_is(families: dict[str, Metric]) -> None:
    assert [name for name, family in families.items() if not family.documentation.endswith(".")] == []


def test_openmetrics_is_given_to_who_asks_for_it(client: httpx.Client) -> None:
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def test_prometheus_own_checks_pass(text: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) is not on the PATH")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rules = [
        {"record": f"checked:{number}", "expr": query.replace("$__rate_interval", "5m").replace("$job", ".*")}
        for number, query in enumerate(queries(json.loads(DASHBOARD.read_text(encoding="utf-8"))))
        if "label_values" not in query
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
