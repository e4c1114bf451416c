"""What Prometheus reads, and that dashboards and rules ask for nothing that is not there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.conftest import EMPLOYEES
from tests.prometheus_queries import DASHBOARDS, RULES, cluster_metrics, labels_in, names_in, queries, recorded

VALUES = {"$__rate_interval": "5m", "$job": ".*", "$namespace": ".*"}
VARIABLE = re.compile(r"\$\w+")
SECRET_LOOKING = "AKIAIOSFODNN7EXAMPLE"
# What Prometheus and Grafana add themselves.
OF_PROMETHEUS = {"job", "instance", "le"}
# Series that begin with the first request to a store that is no folder, and the first answer of a language model.
LATER = {
    "finrag_model_tokens_total": OF_PROMETHEUS | {"model", "kind"},
    "finrag_model_cost_usd_total": OF_PROMETHEUS | {"model"},
    "finrag_model_circuit_open": OF_PROMETHEUS | {"model"},
    "finrag_store_requests_total": OF_PROMETHEUS | {"operation", "outcome"},
    **{
        f"finrag_store_request_duration_seconds{end}": OF_PROMETHEUS | {"operation"}
        for end in ("_bucket", "_sum", "_count")
    },
}


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


@pytest.fixture(scope="module")
def known(families: dict[str, Metric]) -> dict[str, set[str]]:
    """Every metric that Prometheus may be asked for, with its labels: the back end's, the cluster's, recorded ones."""
    samples = [sample for family in families.values() for sample in family.samples]
    labels = {sample.name: OF_PROMETHEUS | set(sample.labels) for sample in samples} | LATER
    exported = {name: labels.get(name, OF_PROMETHEUS) for name in series(families)}
    return exported | {"up": OF_PROMETHEUS} | cluster_metrics() | recorded()


@pytest.mark.parametrize("file", [*DASHBOARDS, *RULES], ids=lambda file: file.name)
def test_dashboards_and_rules_ask_for_what_is_exported(file: Path, known: dict[str, set[str]]) -> None:
    """SU-09: every query names metrics that exist, by labels that they have."""
    asked = list(queries(file))
    assert len(asked) >= (15 if file in DASHBOARDS else 1)
    for query in asked:
        names = names_in(query)
        assert names or query.startswith("vector("), query
        assert names <= known.keys(), (query, names - known.keys())
        labels = set().union(*(known[name] for name in names))
        assert labels_in(query) <= labels, (query, labels_in(query) - labels)


@pytest.mark.parametrize(
    "planted",
    [
        "rate(finrag_http_request_total[5m])",
        'sum(finrag_queries{status="answered"})',
        "finrag_query_stage_seconds",
        'up_to_nothing{job="x"}',
        "histogram_quantile(0.5, finrag_query_duration_seconds_buckets)",
        "kube_horizontalpodautoscaler_spec_max",
        "1 - job:finrag_http_request_errors:ratio_rate2d",
    ],
)
def test_a_wrong_name_in_a_query_would_be_found(known: dict[str, set[str]], planted: str) -> None:
    assert not names_in(planted) <= known.keys()


@pytest.mark.parametrize(
    "planted",
    ['finrag_queries_total{state="failed"}', "sum by (path) (finrag_http_requests_total)", 'up{a="x",pod="b"}'],
)
def test_a_wrong_label_in_a_query_would_be_found(known: dict[str, set[str]], planted: str) -> None:
    (name,) = names_in(planted)
    assert not labels_in(planted) <= known[name]


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
        {
            "record": f"checked:{number}",
            "expr": query.replace("$__rate_interval", "5m").replace("$job", ".*").replace("$namespace", ".*"),
        }
        for number, query in enumerate(query for file in DASHBOARDS for query in queries(file))
        if "label_values" not in query
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False, timeout=30
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
