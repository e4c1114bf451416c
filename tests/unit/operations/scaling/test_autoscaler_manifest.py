"""Manifests of autoscaling/v2 as what is simulated; the kit's own are the source of the tiers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from finrag_ml_tg1.operations.scaling.autoscaler.manifest import parse_autoscaler, read_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.overlay import KIT_FOLDER, read_overlay_autoscaler
from finrag_ml_tg1.operations.scaling.autoscaler.requests import Requests, read_requests
from finrag_ml_tg1.operations.scaling.autoscaler.spec import DEFAULT_DOWN, DEFAULT_UP, Rules, Select
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from tests.unit.operations.scaling.autoscalers import percent

KIT = Path(__file__).parents[4] / KIT_FOLDER
SMALL = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  maxReplicas: 5
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
    - type: Pods
      pods: {metric: {name: requests_per_second}, target: {type: AverageValue, averageValue: 500m}}
"""


def changed(old: str, new: str) -> object:
    assert old in SMALL
    return yaml.safe_load(SMALL.replace(old, new))


def test_what_is_not_said_has_kubernetes_defaults() -> None:
    """SU 5.3: one pod at the least, and the default behaviour."""
    spec = parse_autoscaler(yaml.safe_load(SMALL))
    assert (spec.least, spec.most) == (1, 5)
    assert (spec.up, spec.down) == (DEFAULT_UP, DEFAULT_DOWN)
    assert [metric.target for metric in spec.metrics] == [70, Fraction(1, 2)]


def test_direction_that_is_half_said_has_the_other_half_by_default() -> None:
    behaviour = "  behavior: {scaleDown: {selectPolicy: Min, tolerance: 50m}}\n  maxReplicas: 5"
    spec = parse_autoscaler(changed("  maxReplicas: 5", behaviour))
    assert spec.up == DEFAULT_UP
    assert spec.down == Rules(300, DEFAULT_DOWN.policies, Select.MIN, Fraction(1, 20))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("autoscaling/v2", "autoscaling/v1", "apiVersion"),
        ("maxReplicas: 5", "maxReplicas: 0", "spec.maxReplicas"),
        ("maxReplicas: 5", "maxReplicas: 5\n  minReplicas: 6", "minReplicas 6 is above"),
        ("maxReplicas: 5", "maxReplicas: 5\n  replicas: 6", "spec.replicas"),
        ("averageUtilization: 70", "averageValue: 70", "needs averageUtilization"),
        ("500m", "half", "no quantity"),
        ("type: Pods", "type: External", "External"),
        ("name: cpu", "name: gpu", "spec.metrics.0.resource.name"),
        (
            "maxReplicas: 5",
            "maxReplicas: 5\n  behavior: {scaleUp: {policies: [{type: Percent, value: 9, periodSeconds: 9999}]}}",
            "periodSeconds",
        ),
    ],
)
def test_manifest_that_cannot_be_simulated_is_refused_with_its_place(old: str, new: str, told: str) -> None:
    with pytest.raises(ScalingError) as refused:
        parse_autoscaler(changed(old, new))
    assert told in str(refused.value)


def test_file_without_one_autoscaler_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hpa.yaml"
    path.write_text(f"{SMALL}\n---\n{SMALL}", "utf-8")
    with pytest.raises(ScalingError, match="has 2 objects"):
        read_autoscaler(path)
    path.write_text("kind: Service\n", "utf-8")
    with pytest.raises(ScalingError, match="has 0 objects"):
        read_autoscaler(path)
    with pytest.raises(ScalingError, match="cannot be read"):
        read_autoscaler(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("role", "bounds", "targets"),
    [
        ("frontend", (2, 20), {"cpu": 70, "requests_per_second": 100}),
        ("backend", (3, 50), {"cpu": 70, "memory": 80}),
        ("indexer", (2, 10), {"cpu": 60, "memory": 75}),
    ],
)
def test_kit_has_the_notes_autoscalers(role: str, bounds: tuple[int, int], targets: dict[str, int]) -> None:
    """SU-01: bounds and targets of client, API and ML service."""
    spec = read_autoscaler(KIT / "base" / role / "autoscaler.yaml")
    assert (spec.least, spec.most) == bounds
    assert {metric.name: metric.target for metric in spec.metrics} == targets


def test_kit_has_the_notes_policies_of_the_api() -> None:
    """SU-01: up in a window of 30 s by 100 % each 30 s, down in one of 300 s by 50 % each 120 s."""
    spec = read_autoscaler(KIT / "base/backend/autoscaler.yaml")
    assert (spec.up, spec.down) == (Rules(30, (percent(100, 30),)), Rules(300, (percent(50, 120),)))


def test_overlay_has_its_base_with_all_patches_on_the_way() -> None:
    """SU-03: the highest tier begins with more pods and is scaled by requests and latency too."""
    low = read_overlay_autoscaler(KIT, "low", "backend")
    high = read_overlay_autoscaler(KIT, "high", "backend")
    assert low == read_autoscaler(KIT / "base/backend/autoscaler.yaml")
    assert high.least > low.least
    assert {metric.name for metric in high.metrics} - {metric.name for metric in low.metrics} == {
        "requests_per_second",
        "query_duration_p95_seconds",
    }


def test_patch_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    overlay = tmp_path / "overlays/odd"
    overlay.mkdir(parents=True)
    (tmp_path / "hpa.yaml").write_text(SMALL, "utf-8")
    kustomization = {
        "resources": ["../../hpa.yaml"],
        "patches": [
            {
                "target": {"kind": "HorizontalPodAutoscaler", "name": "api"},
                "patch": "- {op: remove, path: /spec/metrics/0}",
            }
        ],
    }
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    with pytest.raises(ScalingError, match="remove /spec/metrics/0"):
        read_overlay_autoscaler(tmp_path, "odd", "api")
    with pytest.raises(ScalingError, match="no HorizontalPodAutoscaler named other"):
        read_overlay_autoscaler(tmp_path, "odd", "other")


def test_requests_are_those_of_all_containers(tmp_path: Path) -> None:
    path = tmp_path / "deployment.yaml"
    containers = [
        {"name": "one", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}},
        {"name": "two", "resources": {"requests": {"cpu": "1", "memory": "512Mi"}}},
    ]
    pod = {"spec": {"template": {"spec": {"containers": containers}}}}
    path.write_text(yaml.safe_dump(pod), "utf-8")
    requests = read_requests(path)
    assert requests == Requests(Fraction(3, 2), Fraction(1536))
    del containers[1]["resources"]
    path.write_text(yaml.safe_dump(pod), "utf-8")
    with pytest.raises(ScalingError, match="has to request"):
        read_requests(path)
