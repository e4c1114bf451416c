"""What random sequences found: deployments that broke off, and apps that were changed by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest

from kserve_api.apps.apps import Apps
from kserve_api.apps.usage import AppUsage, tenant_usage
from kserve_api.cluster.cluster import Cluster
from kserve_api.tests.app_agreement import CLAIM
from kserve_api.tests.cluster_objects import ISVC, MAPPING, REVISION, change, objects, refused, settled
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.running_apps import IMAGE, TENANT, deployment, platform, run
from kserve_api.tests.running_cluster import RunningCluster


def test_a_secret_that_got_no_owner_goes_with_its_app() -> None:
    """KS-02: the deployment broke off after its InferenceService, so the Secret is nobody's when the app is deleted."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.fail_next("POST .*/domainmappings", status=500)
        await refused(apps.deploy(deployment(secret_envs={"KEY": "1"}), **TENANT), 502, "cluster_error")
        assert [one["metadata"].get("ownerReferences") for one in objects(cluster, "secrets")] == [None]
        await apps.delete("team-a", "shop", tenant="acme")
        await settled(cluster)
        assert objects(cluster, "secrets") == objects(cluster, ISVC) == []

    run(scenario)


def test_what_another_tenants_app_of_the_name_left_is_neither_shown_nor_used() -> None:
    """KS-08: objects of a deleted app go a moment after it; whoever takes the name meanwhile gets none of them."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(secret_envs={"KEY": "theirs"}), tenant="globex", actor="globex-key")
        await settled(cluster)
        (revision,), (secret,) = objects(cluster, REVISION), objects(cluster, "secrets")
        await apps.delete("team-a", "shop", tenant="globex")
        await settled(cluster)
        # As if they were still there: a generation before the first of the new app.
        labels = {**revision["metadata"]["labels"], "serving.knative.dev/configurationGeneration": "0"}
        _leave(cluster, REVISION, revision, name="shop-predictor-old", labels=labels)
        _leave(cluster, "secrets", secret)
        await apps.deploy(deployment(secret_envs={"KEY": "ours"}), **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert [each.name for each in detail.revisions] == ["shop-predictor-00001"]
        await refused(apps.rollback("team-a", "shop", **TENANT), 409, "no_earlier_revision")
        back = apps.rollback("team-a", "shop", revision="shop-predictor-old", **TENANT)
        await refused(back, 404, "revision_not_found")
        left = next(one for one in objects(cluster, "secrets") if one["metadata"]["name"] == secret["metadata"]["name"])
        assert "ownerReferences" not in left["metadata"]

    run(scenario)


def _leave(cluster: RunningCluster, key: str, thing: dict[str, Any], **metadata: Any) -> None:  # noqa: ANN401 any JSON
    kept = {
        field: thing["metadata"][field]
        for field in ("name", "namespace", "labels", "annotations", "creationTimestamp")
        if field in thing["metadata"]
    }
    cluster.call(lambda store: store.create(key, {**thing, "metadata": {**kept, **metadata}}))


def test_an_app_that_was_broken_by_hand_still_counts_and_hinders_no_other() -> None:
    """KS-08: quotas."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(max_scale=4), **TENANT)
        container = {"name": "main", "image": "registry.example/other:1"}
        change(cluster, ISVC, "shop", spec={"predictor": {"maxReplicas": 4, "containers": [container]}})
        inner: Cluster = apps._cluster
        assert await tenant_usage(inner, "acme", ["team-a"]) == [AppUsage("team-a", "shop", 4)]

    run(scenario)


def test_pods_of_the_revision_before_are_not_blamed_on_kserve() -> None:
    """KS-03: min_scale is 0 from now on, but the new revision does not start, so the one before keeps its pod."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        await apps.deploy(deployment(min_scale=0, image=IMAGE.replace("1.0", "broken-pull")), **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        condition = next(one for one in detail.conditions if one.type == "ScaleToZero")
        assert (condition.status, condition.reason) == ("Unknown", "NoReadyRevision")
        assert "shop-predictor-00001" in condition.message

    run(scenario)


@pytest.mark.parametrize("left_alone", [True, False], ids=["at-once", "after-a-deployment"])
def test_what_was_set_by_hand_goes_when_the_deployment_is_without_it(left_alone: bool) -> None:
    """KS-02: prune by server-side apply; kubectl owns these fields, yet they are the deployment's to set."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(envs={"A": "1"}), **TENANT)
        _edit(cluster)
        if not left_alone:
            await apps.deploy(deployment(), **TENANT)
            detail = await apps.get("team-a", "shop", tenant="acme")
            assert (detail.env_names, detail.concurrency, detail.port) == (["A", "HAND"], 7, 9000)
        wanted = deployment(envs={"A": "1"}, concurrency=None, port=8080, image_pull_secret=None, idle_timeout_s=None)
        assert (await apps.deploy(wanted, **TENANT)).changed
        (service,) = objects(cluster, ISVC)
        predictor = service["spec"]["predictor"]
        (container,) = predictor["containers"]
        assert [one["name"] for one in container["env"]] == ["SERVICE_URL", "A"]
        assert [one["containerPort"] for one in container["ports"]] == [8080]
        assert "scaleTarget" not in predictor
        assert not predictor.get("imagePullSecrets")
        assert service["metadata"]["annotations"]["example.com/note"] == "stays"
        assert "autoscaling.knative.dev/scale-to-zero-pod-retention-period" not in service["metadata"]["annotations"]
        assert service["metadata"]["finalizers"] == ["inferenceservice.finalizers"]
        assert not (await apps.deploy(wanted, **TENANT)).changed

    run(scenario)


def test_a_claim_goes_with_its_app_though_its_mapping_went_before() -> None:
    """KS-04: ClusterDomainClaims that the service made, when a mapping was deleted by hand; but not another app's."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        platform(cluster).set_config("config-network", autocreate_cluster_domain_claims="false")
        await apps.deploy(deployment(custom_domain="www.example.com"), **TENANT)
        for name in ("shop.calvinruntime.net", "www.example.com"):
            cluster.call(partial(_delete_mapping, name=name))
        cluster.settle()
        await apps.deploy(deployment(name="other", custom_domain="www.example.com"), **TENANT)
        await apps.delete("team-a", "shop", tenant="acme")
        await settled(cluster)
        left = [one["metadata"]["name"] for one in objects(cluster, CLAIM, None)]
        assert left == ["other.calvinruntime.net", "www.example.com"]

    run(scenario, domain_claims="create")


def _delete_mapping(store: ObjectStore, name: str) -> None:
    store.delete(MAPPING, "team-a", name)


def _edit(cluster: RunningCluster) -> None:
    """What `kubectl edit` sends."""
    (service,) = objects(cluster, ISVC)
    container = service["spec"]["predictor"]["containers"][0]
    container["env"].append({"name": "HAND", "value": "1"})
    container["ports"] = [{"containerPort": 9000, "protocol": "TCP"}]
    patch = {
        "metadata": {
            "annotations": {
                "example.com/note": "stays",
                "autoscaling.knative.dev/scale-to-zero-pod-retention-period": "40s",
            }
        },
        "spec": {"predictor": {"containers": [container], "scaleTarget": 7, "imagePullSecrets": [{"name": "hand"}]}},
    }
    path = "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices/shop?fieldManager=kubectl-edit"
    headers = {"Authorization": f"Bearer {cluster.token()}", "Content-Type": "application/merge-patch+json"}
    httpx.patch(f"{cluster.url}{path}", json=patch, headers=headers).raise_for_status()
    cluster.settle()
