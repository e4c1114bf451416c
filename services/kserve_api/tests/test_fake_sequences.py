"""Whatever is done in whatever order, the controllers come to rest, and what they leave is consistent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kserve_api.tests.controlled_store import ControlledStore
from kserve_api.tests.fake_cluster.controllers.platform import DOMAIN_CLAIM, DOMAIN_MAPPING, ISVC, REVISION, SERVICE

Step = Callable[[ControlledStore], object]
_TAGS = ("1", "2", "crash", "missing", "broken-pull", "wrong-port", "slow")
_NAMESPACES = ("team-a", "team-b")
_DOMAIN = "shop.example.com"


def _deploy(namespace: str, tag: str, minimum: int, percent: int | None) -> Step:
    more: dict[str, Any] = {} if percent is None else {"canaryTrafficPercent": percent}
    image = f"r.test/shop:{tag}"
    return lambda cluster: cluster.deploy(image=image, namespace=namespace, minReplicas=minimum, maxReplicas=3, **more)


def _delete(key: str, name: str, namespace: str) -> Step:
    def step(cluster: ControlledStore) -> None:
        if cluster.store.find(key, namespace, name) is not None:
            cluster.delete(key, name, namespace)

    return step


def _load(namespace: str, number: int, load: int) -> Step:
    return lambda cluster: cluster.controllers.set_load(namespace, f"shop-predictor-{number:05d}", load)


_namespace = st.sampled_from(_NAMESPACES)
_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(_deploy, _namespace, st.sampled_from(_TAGS), st.integers(0, 2), st.sampled_from((None, 0, 30, 100))),
    st.builds(_delete, st.just(ISVC), st.just("shop"), _namespace),
    st.builds(lambda namespace: lambda cluster: cluster.map_domain(_DOMAIN, namespace=namespace), _namespace),
    st.builds(_delete, st.just(DOMAIN_MAPPING), st.just(_DOMAIN), _namespace),
    st.builds(lambda seconds: lambda cluster: cluster.advance(seconds), st.sampled_from((20, 100, 700))),
    st.builds(_load, _namespace, st.integers(1, 3), st.sampled_from((0, 1, 500))),
    st.just(lambda cluster: cluster.controllers.request("shop-predictor.team-a.knative.internal.test")),
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_steps, max_size=12))
def test_controllers_come_to_rest_in_a_consistent_state(steps: list[Step]) -> None:
    cluster = ControlledStore(*_NAMESPACES)
    cluster.platform.set_config("config-gc", max_non_active_revisions="2")
    for step in steps:
        step(cluster)
        cluster.settle()
    before = cluster.store.resource_version
    cluster.advance(0)
    assert cluster.store.resource_version == before  # Looking at everything again finds nothing to do.
    _check_traffic(cluster)
    _check_pods(cluster)
    _check_domains(cluster)


def _check_traffic(cluster: ControlledStore) -> None:
    for service in cluster.store.list(SERVICE):
        assert cluster.store.find(ISVC, service["metadata"]["namespace"], "shop") is not None
        traffic = service.get("status", {}).get("traffic", [])
        assert sum(target["percent"] for target in traffic) in ((100,) if traffic else (0,))
        for target in traffic:
            assert cluster.store.find(REVISION, service["metadata"]["namespace"], target["revisionName"]) is not None


def _check_pods(cluster: ControlledStore) -> None:
    revisions = {item["metadata"]["uid"]: 0 for item in cluster.store.list(REVISION)}
    for pod in cluster.pods():
        revisions[pod["metadata"]["ownerReferences"][0]["uid"]] += 1  # A KeyError: a pod that nothing owns.
    assert max(revisions.values(), default=0) <= 3


def _check_domains(cluster: ControlledStore) -> None:
    held = {claim["spec"]["namespace"] for claim in cluster.store.list(DOMAIN_CLAIM)}
    mapped = {mapping["metadata"]["namespace"] for mapping in cluster.store.list(DOMAIN_MAPPING)}
    assert held <= mapped
    assert bool(held) == bool(mapped)
