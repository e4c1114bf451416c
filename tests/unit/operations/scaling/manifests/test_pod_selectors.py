"""Which pods a selector takes, by its labels and expressions."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.operations.scaling.manifests.pods import PodTemplate

PODS = PodTemplate({"app": "web", "tier": "front"}, {}, {})


@pytest.mark.parametrize(
    ("expression", "is_taken"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "api"]}, True),
        ({"key": "app", "operator": "In", "values": ["api"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["api"]}, True),
        ({"key": "zone", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "tier", "operator": "Exists"}, True),
        ({"key": "zone", "operator": "Exists"}, False),
        ({"key": "zone", "operator": "DoesNotExist"}, True),
        ({"key": "tier", "operator": "DoesNotExist"}, False),
        ({"key": "tier", "operator": "Equals", "values": ["front"]}, False),
    ],
)
def test_an_expression_takes_pods_as_kubernetes_defines_it(expression: dict[str, object], *, is_taken: bool) -> None:
    assert PODS.taken_by({"matchExpressions": [expression]}) is is_taken


def test_labels_and_expressions_have_to_fit_both_and_nothing_takes_all() -> None:
    fits = {"key": "tier", "operator": "Exists"}
    assert PODS.taken_by({"matchLabels": {"app": "web"}, "matchExpressions": [fits]})
    assert not PODS.taken_by({"matchLabels": {"app": "api"}, "matchExpressions": [fits]})
    assert PODS.taken_by({})
