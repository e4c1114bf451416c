"""RBAC of the fake: what the loaded objects allow, and Kubernetes's words when they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kserve_api.tests.loopback_client import LoopbackClient
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

MANIFEST = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: platform}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: apps, namespace: team-a}
rules:
- {apiGroups: [serving.kserve.io], resources: [inferenceservices], verbs: [get, list, watch, patch]}
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
- {apiGroups: [""], resources: [secrets], resourceNames: [known], verbs: [get, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: apps, namespace: team-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: apps}
subjects: [{kind: ServiceAccount, name: robot, namespace: platform}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: namespaces}
rules:
- {apiGroups: [""], resources: [namespaces], verbs: [get]}
- {nonResourceURLs: [/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: namespaces}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: namespaces}
subjects: [{kind: Group, name: "system:serviceaccounts:platform"}]
"""
ISVCS = "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "team-a"},
    "spec": {"containers": [{"name": "api", "image": "a"}]},
    "status": {"phase": "Running"},
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RunningCluster]:
    (tmp_path / "rbac.yaml").write_text(MANIFEST)
    with running_cluster(rbac=[tmp_path], controllers=False) as running:
        yield running


@pytest.fixture
def robot(cluster: RunningCluster) -> Iterator[LoopbackClient]:
    with LoopbackClient(cluster, "robot") as asking:
        yield asking


def test_what_a_role_allows_is_allowed_in_its_namespace_only(robot: LoopbackClient) -> None:
    assert robot.get(ISVCS).status == 200
    refused = robot.get(ISVCS.replace("team-a", "team-b"))
    assert refused.told == (403, "Forbidden")
    assert refused.json["message"] == (
        'inferenceservices.serving.kserve.io is forbidden: User "system:serviceaccount:platform:robot" cannot list '
        'resource "inferenceservices" in API group "serving.kserve.io" in the namespace "team-b"'
    )
    assert refused.json["details"] == {"group": "serving.kserve.io", "kind": "inferenceservices"}
    everywhere = robot.get("/apis/serving.kserve.io/v1beta1/inferenceservices")
    assert everywhere.json["message"].endswith("at the cluster scope")


def test_a_subresource_needs_its_own_rule(cluster: RunningCluster, robot: LoopbackClient) -> None:
    """Original: logs denied by its own RBAC — `pods` does not include `pods/log`."""
    cluster.call(lambda store: store.create("pods", POD))
    assert robot.get("/api/v1/namespaces/team-a/pods/web").status == 200
    refused = robot.get("/api/v1/namespaces/team-a/pods/web/log")
    assert refused.told == (403, "Forbidden")
    assert 'cannot get resource "pods/log" in API group "" in the namespace "team-a"' in refused.json["message"]
    assert refused.json["message"].startswith('pods "web" is forbidden: ')


def test_every_verb_is_checked_for_itself(robot: LoopbackClient) -> None:
    assert robot.lines(f"{ISVCS}?watch=1&timeoutSeconds=1&resourceVersion=1") == []
    assert robot.get("/api/v1/namespaces/team-a/pods?watch=1&timeoutSeconds=1").status == 403
    assert robot.delete(f"{ISVCS}/shop").status == 403
    assert robot.delete(ISVCS).json["message"].split("cannot ")[1].startswith("deletecollection ")
    assert robot.post(ISVCS, {}).status == 403
    assert robot.merge(f"{ISVCS}/shop", {}).status == 404


def test_an_apply_that_creates_needs_create_too(robot: LoopbackClient) -> None:
    """KS-09: patch alone does not create."""
    item = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "shop"}}
    refused = robot.apply(f"{ISVCS}/shop", item, "robot")
    assert refused.told == (403, "Forbidden")
    assert 'cannot create resource "inferenceservices"' in refused.json["message"]


def test_names_limit_a_rule(robot: LoopbackClient) -> None:
    secrets = "/api/v1/namespaces/team-a/secrets"
    assert robot.get(f"{secrets}/known").status == 404
    assert robot.get(f"{secrets}/other").status == 403
    assert robot.get(secrets).status == 403


def test_a_group_and_a_cluster_role(robot: LoopbackClient) -> None:
    assert robot.get("/api/v1/namespaces/team-b").status == 200
    assert robot.get("/api/v1/namespaces").status == 403
    assert robot.get("/metrics").status == 404
    secret_path = robot.get("/logs/")
    assert (
        secret_path.json["message"] == 'forbidden: User "system:serviceaccount:platform:robot" cannot get path "/logs/"'
    )
    assert robot.get("/apis").status == 200


def test_access_reviews_say_what_requests_then_get(robot: LoopbackClient) -> None:
    """KS-07: the RBAC self-check asks the same rules that requests meet."""
    reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def allowed(**attributes: str) -> bool:
        spec = {"resourceAttributes": attributes}
        item = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = robot.post(reviews, item)
        assert answer.status == 201
        found: bool = answer.json["status"]["allowed"]
        return found

    isvcs = {"group": "serving.kserve.io", "resource": "inferenceservices", "namespace": "team-a"}
    assert allowed(verb="patch", **isvcs)
    assert not allowed(verb="delete", **isvcs)
    assert not allowed(verb="patch", **(isvcs | {"namespace": ""}))
    assert allowed(verb="get", resource="pods", namespace="team-a")
    assert not allowed(verb="get", resource="pods", subresource="log", namespace="team-a")


def test_rules_that_change_hold_at_once(cluster: RunningCluster, robot: LoopbackClient) -> None:
    assert robot.get(ISVCS).status == 200
    cluster.call(lambda store: store.delete("rolebindings.rbac.authorization.k8s.io", "team-a", "apps"))
    assert robot.get(ISVCS).status == 403
    cluster.call(lambda store: store.delete("serviceaccounts", "platform", "robot"))
    assert robot.get(ISVCS).status == 401


def test_a_manifest_of_an_unknown_kind_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("apiVersion: example.com/v1\nkind: Odd\nmetadata: {name: a}\n")
    with (
        pytest.raises(ValueError, match=r"odd\.yaml: example\.com/v1 Odd is not served"),
        running_cluster(rbac=[tmp_path]),
    ):
        pass
