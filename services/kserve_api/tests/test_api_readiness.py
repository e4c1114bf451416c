"""Readiness: the cluster, what it serves, and what it lets us do (KS-07)."""

from __future__ import annotations

import pytest

from kserve_api.api import readiness
from kserve_api.tests.running_api import RunningApi, running_api


def _missing(api: RunningApi) -> tuple[int, list[str]]:
    with api.client("ops") as client:
        answer = client.get("/ready")
        return answer.status_code, answer.json()["missing"]


@pytest.mark.parametrize(
    "without",
    [
        ("get", "pods/log"),
        ("watch", "inferenceservices"),
        ("patch", "domainmappings"),
        ("create", "secrets"),
        ("list", "revisions"),
    ],
    ids="-".join,
)
def test_a_missing_permission_is_named(without: tuple[str, str]) -> None:
    """KS-07: a self-check by SelfSubjectAccessReview, for every namespace of every tenant."""
    verb, resource = without
    with running_api(without=without) as api:
        status, missing = _missing(api)
        assert status == 503
        assert [line.startswith(f"permission to {verb} {resource.partition('/')[0]}") for line in missing] == [True] * 4
        assert {line.rpartition(" ")[2] for line in missing} == {"team-a", "team-b", "team-c", "default"}
        with api.anonymous() as client:
            told = client.get("/ready")
        assert told.status_code == 503
        # Strangers are not told the names of namespaces.
        assert len(told.json()["missing"]) == 1
        assert "team" not in told.text


def test_what_is_only_for_reports_is_a_warning() -> None:
    """KS-07: without it the service works."""
    with running_api(without=("get", "podautoscalers")) as api, api.client("ops") as client:
        answer = client.get("/ready")
        assert answer.status_code == 200
        assert any("podautoscalers" in told for told in answer.json()["warnings"])


def test_a_kind_that_is_not_served_is_named() -> None:
    """KS-07: CustomResourceDefinitions that are not there."""
    with running_api() as api:
        api.cluster.fail_next(r"^GET /apis/serving\.knative\.dev/v1beta1", 404, reason="NotFound")
        status, missing = _missing(api)
        assert status == 503
        assert missing == ["domainmappings of serving.knative.dev/v1beta1, which the API server does not serve"]


def test_an_unreachable_cluster_makes_it_not_ready_but_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-07: liveness asks nobody; what was found out is asked again after a moment."""
    monkeypatch.setattr(readiness, "_KEPT_S", 0.0)
    with running_api() as api, api.anonymous() as client:
        assert client.get("/ready").status_code == 200
        api.cluster.fail_next("", drop=True, times=1000)
        assert client.get("/ready").json()["checks"]["api_server"] == "unreachable"
        assert client.get("/ready").status_code == 503
        assert client.get("/health").status_code == 200
        api.cluster.call(lambda store: api.cluster.server.faults.clear())
        assert client.get("/ready").status_code == 200


def test_many_who_ask_cost_one_question() -> None:
    """KS-07: what is known is kept for a few seconds."""
    with running_api() as api, api.anonymous() as client:
        client.get("/ready")
        asked = len(api.cluster.requests)
        for _ in range(20):
            assert client.get("/ready").status_code == 200
        assert len(api.cluster.requests) == asked
