"""The kit of FinRAG's roles, as kubectl puts it together for each tier: what the owner's scaling notes ask for."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from finrag_ml_tg1.operations.scaling.manifests.folders import overlays
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import kubectl, render
from finrag_ml_tg1.operations.scaling.manifests.lint import MANIFESTS
from finrag_ml_tg1.operations.scaling.manifests.manifest import read_documents
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity
from tests.sample_index import ROOT

KIT = ROOT / MANIFESTS / "finrag"
TIERS = ("low", "medium", "high")
ALL = [path.name for path in overlays(KIT)]
CPU_70 = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}
REQUESTS_100 = {
    "type": "Pods",
    "pods": {"metric": {"name": "requests_per_second"}, "target": {"type": "AverageValue", "averageValue": "100"}},
}
BEHAVIOUR = {
    "scaleUp": {
        "stabilizationWindowSeconds": 30,
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 30}],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 300,
        "policies": [{"type": "Percent", "value": 50, "periodSeconds": 120}],
    },
}


def of_memory(share: int) -> dict[str, Any]:
    return {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": share}},
    }


@cache
def rendered(overlay: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The overlay's objects by kind and name."""
    program = kubectl()
    if program is None:
        pytest.skip("kubectl is not installed")
    text, complaints = render(program, KIT / "overlays" / overlay)
    assert complaints == []
    return {(body["kind"], body["metadata"]["name"]): body for body in read_documents(text)[0]}


def autoscaler(overlay: str, name: str) -> dict[str, Any]:
    spec = rendered(overlay)["HorizontalPodAutoscaler", f"finrag-{name}"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"finrag-{name}"}
    return dict(spec)


def workloads(overlay: str) -> dict[str, dict[str, Any]]:
    return {name: body for (kind, name), body in rendered(overlay).items() if kind in {"Deployment", "StatefulSet"}}


def containers(overlay: str) -> list[dict[str, Any]]:
    return [one for body in workloads(overlay).values() for one in body["spec"]["template"]["spec"]["containers"]]


@pytest.mark.parametrize("tier", ["low", "medium"])
def test_autoscalers_have_the_bounds_targets_and_behaviour_of_the_notes(tier: str) -> None:
    """SU-01: client 2-20, API 3-50, ML 2-10."""
    client, api, ml = (autoscaler(tier, name) for name in ("frontend", "backend", "indexer"))
    assert (client["minReplicas"], client["maxReplicas"]) == (2, 20)
    assert client["metrics"] == [CPU_70, REQUESTS_100]
    assert (api["minReplicas"], api["maxReplicas"]) == (3, 50)
    assert api["metrics"] == [CPU_70, of_memory(80)]
    assert api["behavior"] == BEHAVIOUR
    assert (ml["minReplicas"], ml["maxReplicas"]) == (2, 10)
    cpu_60 = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    }
    assert ml["metrics"] == [cpu_60, of_memory(75)]
    assert all("behavior" not in spec for spec in (client, ml))


def test_the_high_tier_begins_with_more_pods_within_the_bounds_of_the_notes() -> None:
    """SU-01: the floor rises, the ceiling stays."""
    client, api = autoscaler("high", "frontend"), autoscaler("high", "backend")
    assert 2 < client["minReplicas"] < client["maxReplicas"] == 20
    assert 3 < api["minReplicas"] < api["maxReplicas"] == 50
    assert api["behavior"] == BEHAVIOUR


@pytest.mark.parametrize("overlay", ["high", "medium-request-metrics"])
def test_the_variant_by_requests_adds_both_metrics_of_the_notes(overlay: str) -> None:
    """SU-03: 100 requests a second, and 500 ms, for each pod."""
    p95 = {
        "type": "Pods",
        "pods": {
            "metric": {"name": "query_duration_p95_seconds"},
            "target": {"type": "AverageValue", "averageValue": "500m"},
        },
    }
    assert autoscaler(overlay, "backend")["metrics"] == [CPU_70, of_memory(80), REQUESTS_100, p95]


def test_the_variant_with_keda_scales_as_the_autoscaler_does() -> None:
    """SU-03: KEDA has its place, with the same bounds, targets and behaviour."""
    objects = rendered("medium-keda")
    assert ("HorizontalPodAutoscaler", "finrag-backend") not in objects
    spec = objects["ScaledObject", "finrag-backend"]["spec"]
    assert spec["scaleTargetRef"] == {"name": "finrag-backend"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (3, 50)
    assert spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == BEHAVIOUR
    triggers = [
        (one["type"], one["metadata"].get("value", one["metadata"].get("threshold"))) for one in spec["triggers"]
    ]
    assert triggers == [("cpu", "70"), ("memory", "80"), ("prometheus", "100"), ("prometheus", "0.5")]


@pytest.mark.parametrize("overlay", ALL)
def test_what_is_scaled_says_no_replicas_and_what_is_not_says_two_or_one(overlay: str) -> None:
    """SU-01, SU-02: none under an autoscaler, 2 of control, 1 of storage."""
    counts = {name: body["spec"].get("replicas") for name, body in workloads(overlay).items()}
    storage = {"finrag-redis": 1} if overlay == "low" else {"finrag-redis": 1, "finrag-qdrant": 1}
    scaled = dict.fromkeys(("finrag-frontend", "finrag-backend", "finrag-indexer"))
    assert counts == {**scaled, "finrag-dashboards": 2, **storage}


@pytest.mark.parametrize("overlay", ALL)
def test_every_container_says_what_it_needs_and_what_it_may_take(overlay: str) -> None:
    """SU-02: Utilization is a share of the request."""
    for container in containers(overlay):
        requests, limits = (container["resources"][part] for part in ("requests", "limits"))
        for name in ("cpu", "memory"):
            assert 0 < parse_quantity(requests[name]) <= parse_quantity(limits[name])


def test_sizes_of_control_and_ml_are_those_of_the_notes() -> None:
    """SU-01: control 256Mi/250m to 1Gi/1000m, ML 1 to 4Gi."""
    found = {container["name"]: container["resources"] for container in containers("medium")}
    assert found["grafana"] == {
        "requests": {"cpu": "250m", "memory": "256Mi"},
        "limits": {"cpu": "1", "memory": "1Gi"},
    }
    assert (found["indexer"]["requests"]["memory"], found["indexer"]["limits"]["memory"]) == ("1Gi", "4Gi")


@pytest.mark.parametrize("tier", TIERS)
def test_storage_is_one_pod_with_a_headless_service_and_50_gi(tier: str) -> None:
    """SU-01, SU-02: StatefulSet with serviceName, PVC 50Gi ReadWriteOnce."""
    objects = rendered(tier)
    for (kind, name), body in objects.items():
        if kind != "StatefulSet":
            continue
        assert objects["Service", body["spec"]["serviceName"]]["spec"]["clusterIP"] == "None"
        [claim] = body["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["accessModes"] == ["ReadWriteOnce"], name
        assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"


@pytest.mark.parametrize("tier", TIERS)
def test_a_second_writer_is_refused_when_it_is_applied_and_when_it_is_scaled_to(tier: str) -> None:
    """SU-04: the API server denies both, and its policies look for what the storage carries."""
    objects = rendered(tier)
    by_object, by_scale = (
        objects["ValidatingAdmissionPolicy", name]["spec"] for name in ("single-writer", "single-writer-scale")
    )
    for name in ("single-writer", "single-writer-scale"):
        binding = objects["ValidatingAdmissionPolicyBinding", name]
        assert binding["spec"] == {"policyName": name, "validationActions": ["Deny"]}
        assert "namespace" not in binding["metadata"]
    assert by_object["matchConstraints"]["resourceRules"][0]["resources"] == ["statefulsets"]
    assert by_scale["matchConstraints"]["resourceRules"][0]["resources"] == ["statefulsets/scale"]
    for spec in (by_object, by_scale):
        assert spec["failurePolicy"] == "Fail"
        assert spec["validations"][0]["expression"] == "object.spec.replicas == 1"
    [wanted] = by_object["matchConstraints"]["objectSelector"]["matchLabels"].items()
    for (kind, _), body in objects.items():
        if kind == "StatefulSet":
            assert wanted in body["metadata"]["labels"].items()
            assert wanted in body["spec"]["selector"]["matchLabels"].items()
    assert "=".join(wanted) in by_scale["matchConditions"][0]["expression"]


@pytest.mark.parametrize("tier", TIERS)
def test_every_role_stops_gracefully_and_is_spread_budgeted_and_fenced(tier: str) -> None:
    """SU-02: preStop within the grace period, spread, budget; and a NetworkPolicy for each."""
    objects = rendered(tier)
    for name, body in workloads(tier).items():
        spec = body["spec"]["template"]["spec"]
        assert ("NetworkPolicy", name) in objects
        assert spec["securityContext"]["runAsNonRoot"]
        assert not spec["automountServiceAccountToken"]
        if body["kind"] == "Deployment":
            assert ("PodDisruptionBudget", name) in objects
            assert spec["topologySpreadConstraints"]
            for container in spec["containers"]:
                assert container["lifecycle"]["preStop"]["sleep"]["seconds"] < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("tier", TIERS)
def test_each_tier_is_backed_up_each_night_by_what_it_has(tier: str) -> None:
    """SU-07: Redis lets the job in; the vector engine is not asked before it is filled."""
    objects = rendered(tier)
    job = objects["CronJob", "finrag-backup"]["spec"]
    assert job["schedule"] == "17 3 * * *"
    pod = job["jobTemplate"]["spec"]["template"]
    assert [one["name"] for one in pod["spec"]["initContainers"]] == ["redis"]
    way_in = objects["NetworkPolicy", "finrag-redis-from-backup"]["spec"]
    assert way_in["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "redis"}
    assert way_in["ingress"][0]["from"][0]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    settings = next(body["data"] for (_, name), body in objects.items() if name.startswith("finrag-backup-settings-"))
    assert ("Service", settings["REDIS_HOST"]) in objects


def test_the_high_tier_is_spread_over_zones() -> None:
    spec = workloads("high")["finrag-backend"]["spec"]["template"]["spec"]
    zones = [one for one in spec["topologySpreadConstraints"] if one["topologyKey"] == "topology.kubernetes.io/zone"]
    assert [one["whenUnsatisfiable"] for one in zones] == ["DoNotSchedule"]
    assert zones[0]["labelSelector"]["matchLabels"] == {"app.kubernetes.io/name": "backend"}


@pytest.mark.parametrize("overlay", ALL)
def test_names_and_namespace_are_the_overlays(overlay: str) -> None:
    """SU-10: what an overlay names is what all objects and references have."""
    for (kind, name), body in rendered(overlay).items():
        if kind.startswith("ValidatingAdmissionPolicy"):
            continue
        if kind == "Namespace":
            assert name == "finrag"
        else:
            assert name.startswith("finrag-")
            assert body["metadata"]["namespace"] == "finrag"
