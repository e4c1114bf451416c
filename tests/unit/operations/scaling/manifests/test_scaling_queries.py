"""SU-03: the queries that pods are scaled by, asked of Prometheus itself (promtool); what a front end gives."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from finrag_ml_tg1.operations.scaling.manifests.lint import MANIFESTS
from finrag_ml_tg1.operations.scaling.manifests.metrics import read_metrics
from finrag_ml_tg1.operations.scaling.manifests.routes import FRAMEWORKS
from tests.sample_index import ROOT

KIT = ROOT / MANIFESTS / "finrag"
POD = 'namespace="finrag",pod="finrag-backend-1"'
FRONT = 'namespace="finrag",pod="finrag-frontend-1"'
# A quarter of a second for 90 of 100 questions, half a second to a second for 10: 95 of 100 take 0.75 s at most.
SERIES = [
    (f'finrag_http_requests_total{{{POD},route="/query",method="POST",status="200"}}', "0+600x20"),
    (f'finrag_http_requests_total{{{POD},route="/catalog",method="GET",status="200"}}', "0+300x20"),
    (f'finrag_http_requests_total{{{POD},route="/readyz",method="GET",status="200"}}', "0+9000x20"),
    (f'session_events_total{{{FRONT},type="connect"}}', "0+60x20"),
    (f'session_events_total{{{FRONT},type="disconnect"}}', "0+60x20"),
    (f'finrag_query_duration_seconds_bucket{{{POD},le="0.25"}}', "0+540x20"),
    (f'finrag_query_duration_seconds_bucket{{{POD},le="0.5"}}', "0+540x20"),
    (f'finrag_query_duration_seconds_bucket{{{POD},le="1.0"}}', "0+600x20"),
    (f'finrag_query_duration_seconds_bucket{{{POD},le="+Inf"}}', "0+600x20"),
]


def adapter_rules() -> dict[str, str]:
    """Each metric of prometheus-adapter with its query, asked for the pods of one namespace."""
    config = yaml.safe_load((KIT / "prometheus-adapter/config-map.yaml").read_text("utf-8"))["data"]["config.yaml"]
    return {
        rule["name"]["as"]: rule["metricsQuery"]
        .replace("<<.LabelMatchers>>", 'namespace="finrag"')
        .replace("<<.GroupBy>>", "pod")
        for rule in yaml.safe_load(config)["rules"]
    }


def keda_queries() -> list[str]:
    triggers = yaml.safe_load((KIT / "components/keda/scaled-object.yaml").read_text("utf-8"))["spec"]["triggers"]
    return [one["metadata"]["query"] for one in triggers if one["type"] == "prometheus"]


def expect(tmp_path: Path, expected: dict[str, list[tuple[str, float]]]) -> None:
    """Hold the results of queries after five minutes against what is expected, with `promtool test rules`."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    tests: list[dict[str, Any]] = [
        {
            "interval": "30s",
            "input_series": [{"series": series, "values": values} for series, values in SERIES],
            "promql_expr_test": [
                {
                    "expr": query,
                    "eval_time": "5m",
                    "exp_samples": [{"labels": labels, "value": value} for labels, value in samples],
                }
                for query, samples in expected.items()
            ],
        }
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "30s", "tests": tests}))
    done = subprocess.run([program, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_adapters_metrics_are_requests_a_second_and_seconds_of_95_in_100_questions(tmp_path: Path) -> None:
    rules = adapter_rules()
    assert list(rules) == ["requests_per_second", "query_duration_p95_seconds"]
    expect(
        tmp_path,
        {
            # 900 in 30 seconds without the probes; of a front end's pages those that begin.
            rules["requests_per_second"]: [('{pod="finrag-backend-1"}', 30), ('{pod="finrag-frontend-1"}', 2)],
            rules["query_duration_p95_seconds"]: [('{pod="finrag-backend-1"}', 0.75)],
        },
    )


def test_kedas_queries_give_the_sum_and_the_quantile_of_all_pods(tmp_path: Path) -> None:
    requests, p95 = keda_queries()
    expect(tmp_path, {requests: [("{}", 30)], p95: [("{}", 0.75)]})


def test_without_questions_the_quantile_is_zero_and_no_error(tmp_path: Path) -> None:
    _, p95 = keda_queries()
    expect(tmp_path, {p95.replace("finrag-backend-", "finrag-other-"): [("{}", 0)]})


def test_our_metrics_are_read_with_the_series_of_their_histograms() -> None:
    found = read_metrics(ROOT)
    assert {"finrag_http_requests_total", "finrag_query_duration_seconds_bucket", "finrag_ready"} <= found
    assert "finrag_query_duration_seconds" not in found


def test_the_front_ends_framework_gives_what_is_asked_of_it() -> None:
    from streamlit.runtime import stats
    from streamlit.web.server.starlette import starlette_routes

    assert stats.SESSION_EVENTS_FAMILY == "session_events"
    paths = {f"/{starlette_routes.ROUTE_METRICS}", f"/{starlette_routes.ROUTE_HEALTH}"}
    assert FRAMEWORKS["finrag-frontend"] == paths
