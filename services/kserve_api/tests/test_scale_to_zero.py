"""Whether apps go to no pods on the fake's KServe and Knative, and what is told when they do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from kserve_api.apps.app import Condition
from kserve_api.apps.apps import Apps
from kserve_api.cluster.resources import INFERENCE_SERVICE, POD_AUTOSCALER
from kserve_api.tests.cluster_objects import ISVC, REVISION, objects, settled
from kserve_api.tests.fake_cluster.controllers.platform import Platform
from kserve_api.tests.running_apps import IMAGE, TENANT, advance, answer, deployment, pause, platform, resume, run
from kserve_api.tests.running_cluster import RunningCluster

_MIN_SCALE = "autoscaling.knative.dev/min-scale"
_AUTOSCALER = "podautoscalers.autoscaling.internal.knative.dev"
_LONG_IDLE_S = 200.0


async def _condition(apps: Apps) -> Condition:
    detail = await apps.get("team-a", "shop", tenant="acme")
    return next(one for one in detail.conditions if one.type == "ScaleToZero")


def _pods(cluster: RunningCluster) -> int:
    return len(objects(cluster, "pods"))


def _min_scales(cluster: RunningCluster) -> list[str | None]:
    return [revision["metadata"]["annotations"].get(_MIN_SCALE) for revision in objects(cluster, REVISION)]


def test_the_default_app_goes_to_no_pods_and_wakes_up() -> None:
    """KS-03: min 0 is carried by minReplicas; the condition is True."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        assert (_min_scales(cluster), _pods(cluster)) == (["0"], 1)
        condition = await _condition(apps)
        assert (condition.status, condition.reason) == ("True", "")
        advance(cluster, _LONG_IDLE_S)
        assert _pods(cluster) == 0
        assert answer(cluster, "shop.calvinruntime.net").status == 200
        await settled(cluster)
        assert _pods(cluster) == 1

    run(scenario)


def test_the_originals_annotations_are_stripped_and_its_pods_stay() -> None:
    """Original: sets min-scale by annotation, which KServe strips; nil minReplicas becomes 1."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        original = {
            "apiVersion": INFERENCE_SERVICE.api_version,
            "kind": INFERENCE_SERVICE.kind,
            "metadata": {"name": "shop", "namespace": "team-a", "annotations": {_MIN_SCALE: "0"}},
            "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": IMAGE}]}},
        }
        await apps._cluster.create(INFERENCE_SERVICE, original)
        await settled(cluster)
        assert _min_scales(cluster) == ["1"]
        advance(cluster, _LONG_IDLE_S)
        assert _pods(cluster) == 1

    run(scenario)


def test_the_originals_patch_of_the_podautoscaler_is_undone() -> None:
    """Original: patches the PodAutoscaler, and Knative re-syncs it; ours needs no patch."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        patch = {"metadata": {"annotations": {_MIN_SCALE: "0"}}}
        await apps._cluster.merge_patch(POD_AUTOSCALER, "shop-predictor-00001", patch, "team-a")
        await settled(cluster)
        advance(cluster, 1)
        (autoscaler,) = objects(cluster, _AUTOSCALER)
        assert autoscaler["metadata"]["annotations"][_MIN_SCALE] == "1"

    run(scenario)


def test_the_originals_poll_sees_the_old_revision_after_an_update() -> None:
    """Original: patches the wrong revision. Ours is known by the deployment's stamp, and is waited for."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        pause(cluster)
        await apps.deploy(deployment(min_scale=0), **TENANT)
        await asyncio.sleep(0.3)
        (isvc,) = objects(cluster, ISVC)
        assert isvc["status"]["components"]["predictor"]["latestCreatedRevision"] == "shop-predictor-00001"
        assert _min_scales(cluster) == ["1"]
        resume(cluster)
        await _until(lambda: _min_scales(cluster) == ["1", "0"])
        await settled(cluster)
        advance(cluster, _LONG_IDLE_S)
        assert _pods(cluster) == 0
        assert (await _condition(apps)).status == "True"

    run(scenario, patch_old_kserve=True)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.05)


def test_the_patch_is_not_repeated_and_not_made_where_it_is_not_needed() -> None:
    """KS-03: the compat patch is idempotent, off the request path, and off by default."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        await asyncio.gather(*apps._background)
        await apps._guard.patch_new_revision("team-a", "shop", stamp=_stamp(cluster))
        assert not [path for method, path, *_ in cluster.requests if method == "PATCH" and "revisions" in path]

    run(scenario, patch_old_kserve=True)


def _stamp(cluster: RunningCluster) -> str:
    (isvc,) = objects(cluster, ISVC)
    return str(isvc["metadata"]["annotations"]["kserve-api/redeployed-at"])


def _old_kserve(fake: Platform) -> None:
    fake.drops_zero_min_replicas = True


def _standard_mode(fake: Platform) -> None:
    fake.kserve_version = (0, 14)
    fake.set_kserve_config("deploy", defaultDeploymentMode="RawDeployment")


def _never_zero(fake: Platform) -> None:
    fake.set_config("config-autoscaler", enable_scale_to_zero="false")


@pytest.mark.parametrize(
    ("make", "reason"),
    [(_old_kserve, "MinScaleNotCarried"), (_standard_mode, "DeploymentMode"), (_never_zero, "DisabledInCluster")],
    ids=["old KServe", "standard mode", "disabled"],
)
def test_the_cause_is_named_where_the_cluster_keeps_a_pod(make: Callable[[Platform], None], reason: str) -> None:
    """KS-03: cause reported as a condition."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: make(platform(cluster)))
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        condition = await _condition(apps)
        assert (condition.status, condition.reason) == ("False", reason)
        if reason != "DeploymentMode":
            advance(cluster, _LONG_IDLE_S)
            assert _pods(cluster) == 1

    run(scenario)


def test_pods_that_were_asked_for_are_no_fault() -> None:
    """Long work vs scale-to-zero: min_scale 1 keeps a pod, and the condition says that it was asked for."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        assert (await _condition(apps)).reason == "MinScale"
        advance(cluster, _LONG_IDLE_S)
        assert _pods(cluster) == 1

    run(scenario)


def test_the_idle_timeout_keeps_the_last_pod_that_long() -> None:
    """Long work vs scale-to-zero: idle_timeout."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(idle_timeout_s=1800), **TENANT)
        await settled(cluster)
        advance(cluster, 1500)
        assert _pods(cluster) == 1
        advance(cluster, 600)
        assert _pods(cluster) == 0

    run(scenario)


def test_without_a_first_pod_the_condition_warns() -> None:
    """KS-03: allow-zero-initial-scale."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: platform(cluster).set_config("config-autoscaler", allow_zero_initial_scale="true"))
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        condition = await _condition(apps)
        assert condition.status == "True"
        assert "without pods" in condition.message

    run(scenario)


def test_what_cannot_be_read_is_unknown_and_not_guessed() -> None:
    """KS-03: a missing permission on config-autoscaler is told."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        cluster.fail_next("config-autoscaler", status=403)
        condition = await _condition(apps)
        assert (condition.status, condition.reason) == ("Unknown", "ConfigNotReadable")

    run(scenario)
