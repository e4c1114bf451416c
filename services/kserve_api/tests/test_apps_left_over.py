"""What random sequences found: deployments that broke off, and apps that were changed by hand."""

from __future__ import annotations

from typing import Any

from kserve_api.apps.apps import Apps
from kserve_api.apps.usage import AppUsage, tenant_usage
from kserve_api.cluster.cluster import Cluster
from kserve_api.tests.cluster_objects import ISVC, REVISION, change, objects, refused, settled
from kserve_api.tests.running_apps import IMAGE, TENANT, deployment, run
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
