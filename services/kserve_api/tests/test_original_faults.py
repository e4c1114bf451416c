"""Every fault of the service before this one: first shown on the fake cluster, then shown to be absent from ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kserve_api.apps.apps import Apps
from kserve_api.cluster.cluster import LogQuery
from kserve_api.errors import ApiError
from kserve_api.tests.fake_cluster.controllers.platform import (
    AUTOSCALER,
    DOMAIN_MAPPING,
    ISVC,
    REVISION,
    SERVICE,
)
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.original_flow import RBAC, OriginalFlow
from kserve_api.tests.running_apps import TENANT, advance, deployment, pause, platform, resume, run
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

Object = dict[str, Any]

_MANIFESTS = Path(__file__).parents[3] / "deploy/kubernetes/kserve-api"
_OUR_RBAC = tuple(_MANIFESTS / file for file in ("base/service-account.yaml", "base/rbac.yaml", "tenant/rbac.yaml"))
MIN = "autoscaling.knative.dev/min-scale"
IMAGE = "registry.digitalocean.com/calvin-apps/shop:1"
OTHER_IMAGE = "registry.digitalocean.com/calvin-apps/shop:2"


@contextmanager
def original(tmp_path: Path) -> Iterator[tuple[RunningCluster, OriginalFlow]]:
    rbac = tmp_path / "original-rbac.yaml"
    rbac.write_text(RBAC)
    with running_cluster(rbac=(rbac,)) as cluster:
        flow = OriginalFlow(cluster.url, cluster.token("default/original"), sleep=cluster.settle)
        try:
            yield cluster, flow
        finally:
            flow.close()


def ours(scenario: Callable[[RunningCluster, Apps], Awaitable[None]]) -> None:
    """With no more than the permissions of our own manifests."""
    run(lambda apps, cluster: scenario(cluster, apps), account="kserve-api/kserve-api", rbac=_OUR_RBAC)


async def deploy(cluster: RunningCluster, apps: Apps, image: str = IMAGE, **fields: object) -> None:
    await apps.deploy(deployment(namespace="default", image=image, **fields), **TENANT)
    cluster.settle()


def pods(cluster: RunningCluster) -> list[Object]:
    return cluster.call(lambda store: store.list("pods", "default"))


def get(cluster: RunningCluster, key: str, name: str) -> Object | None:
    return cluster.call(lambda store: store.find(key, "default", name))


def min_scale(cluster: RunningCluster, key: str, number: int = 1) -> str:
    found = get(cluster, key, f"shop-predictor-{number:05d}")
    assert found is not None
    scale: str = found["metadata"]["annotations"][MIN]
    return scale


def mappings(cluster: RunningCluster) -> list[str]:
    return [item["metadata"]["name"] for item in cluster.call(lambda store: store.list(DOMAIN_MAPPING))]


def patched(cluster: RunningCluster) -> list[str]:
    return [
        request.path.rpartition("/")[2].partition("?")[0]
        for request in cluster.requests
        if request.method == "PATCH" and "podautoscalers" in request.path
    ]


def ready(cluster: RunningCluster) -> str:
    found = get(cluster, ISVC, "shop")
    assert found is not None
    return next(str(item["status"]) for item in found["status"]["conditions"] if item["type"] == "Ready")


def test_scale_annotations_are_stripped_so_a_pod_stays(tmp_path: Path) -> None:
    """Original: min-scale 0 as an annotation is stripped, minReplicas missing becomes 1: never at zero."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        assert min_scale(cluster, REVISION) == "1"
        advance(cluster, 3600)
        assert len(pods(cluster)) == 1


def test_ours_reaches_zero_by_the_typed_field() -> None:
    """Original: strips annotations. Ours sets minReplicas 0 and maxReplicas 10."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps)
        assert min_scale(cluster, REVISION) == "0"
        advance(cluster, 3600)
        assert pods(cluster) == []
        detail = await apps.get("default", "shop", tenant="acme")
        assert next(one.status for one in detail.conditions if one.type == "ScaleToZero") == "True"

    ours(scenario)


def test_patch_of_the_pod_autoscaler_is_undone(tmp_path: Path) -> None:
    """Original: "fixes" scale to zero on the PodAutoscaler, which Knative sets back from the revision."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        assert patched(cluster) == ["shop-predictor-00001"]
        assert min_scale(cluster, AUTOSCALER) == "1"


def test_update_patches_the_old_revision(tmp_path: Path) -> None:
    """Original: after an update the first poll still shows the revision before, and that one is patched."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        pause(cluster, "kserve")  # It takes a moment to see the change.
        flow.deploy("shop", OTHER_IMAGE)
        resume(cluster)
        cluster.settle()
        assert get(cluster, REVISION, "shop-predictor-00002") is not None
        assert patched(cluster) == ["shop-predictor-00001", "shop-predictor-00001"]


def test_ours_patches_no_pod_autoscaler_on_a_cluster_that_needs_none() -> None:
    """Original: patches the wrong revision. Ours needs no patch, and makes none, on creation and update."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps)
        await deploy(cluster, apps, OTHER_IMAGE)
        assert patched(cluster) == []
        assert min_scale(cluster, AUTOSCALER, 2) == "0"

    ours(scenario)


def test_ours_patches_only_the_new_revision_for_an_old_kserve() -> None:
    """Original: patches the wrong revision, undone. Ours, where KServe is too old, changes the new revision itself."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
        for number, image in ((1, IMAGE), (2, OTHER_IMAGE)):
            pause(cluster, "kserve")
            wanted = deployment(namespace="default", image=image)
            await apps.deploy(wanted, **TENANT)
            await asyncio.sleep(0.02)
            resume(cluster)
            async with asyncio.timeout(20):
                while (
                    get(cluster, REVISION, f"shop-predictor-{number:05d}") is None
                    or min_scale(cluster, REVISION, number) != "0"
                ):
                    await asyncio.sleep(0.01)
            cluster.settle()
            assert min_scale(cluster, AUTOSCALER, number) == "0"
        advance(cluster, 3600)
        assert pods(cluster) == []

    run(lambda apps, cluster: scenario(cluster, apps), patch_old_kserve=True)


def test_polling_goes_on_for_half_a_minute_when_there_is_no_revision(tmp_path: Path) -> None:
    """Original: 30 polls, one second each, in the request, where the cluster's default is Standard mode."""
    with original(tmp_path) as (cluster, flow):
        cluster.call(lambda _: platform(cluster).set_kserve_config("deploy", defaultDeploymentMode="Standard"))
        flow.deploy("shop", IMAGE)
        assert flow.sleeps == 30
        advance(cluster, 3600)
        assert len(pods(cluster)) == 1


def test_ours_asks_for_the_mode_that_reaches_zero() -> None:
    """Original: Standard mode where that is the default. Ours annotates the mode, and needs no polling."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        cluster.call(lambda _: platform(cluster).set_kserve_config("deploy", defaultDeploymentMode="Standard"))
        await deploy(cluster, apps)
        advance(cluster, 3600)
        assert pods(cluster) == []

    ours(scenario)


def test_initial_scale_zero_is_dropped(tmp_path: Path) -> None:
    """Original: initial-scale 0 has no effect unless the cluster allows it: each revision starts a pod."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        service = get(cluster, SERVICE, "shop-predictor")
        assert service is not None
        assert "autoscaling.knative.dev/initial-scale" not in service["spec"]["template"]["metadata"]["annotations"]
        assert len(pods(cluster)) == 1


def test_port_of_the_notes_is_no_field(tmp_path: Path) -> None:
    """Original: `port: 8080` on the container is refused by strict validation and lost otherwise."""
    with original(tmp_path) as (_, flow):
        with pytest.raises(httpx.HTTPStatusError) as caught:
            flow.apply_notes("shop", IMAGE, strict=True)
        assert caught.value.response.status_code == 400
        assert "port" in caught.value.response.json()["message"]
        response = flow.apply_notes("shop", IMAGE, strict=False)
        assert "port" not in response.json()["spec"]["predictor"]["containers"][0]


def test_ours_sends_only_fields_that_exist() -> None:
    """Original: `port: 8080`. Ours writes ports[].containerPort and asks for strict validation."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps, port=3000)
        isvc = get(cluster, ISVC, "shop")
        assert isvc is not None
        (port,) = isvc["spec"]["predictor"]["containers"][0]["ports"]
        assert port["containerPort"] == 3000
        writes = [request.path for request in cluster.requests if request.method in ("POST", "PATCH", "PUT")]
        assert writes
        assert all("fieldValidation=Strict" in path for path in writes if "inferenceservices" in path)

    ours(scenario)


def test_domain_mapping_of_the_notes_is_refused(tmp_path: Path) -> None:
    """Original: the reference of its DomainMapping has no apiVersion; Knative's webhook requires it."""
    with original(tmp_path) as (_, flow):
        with pytest.raises(httpx.HTTPStatusError) as caught:
            flow.map_domain("shop.calvinruntime.net", "shop", "default")
        assert caught.value.response.status_code == 400
        assert "missing field(s): spec.ref.apiVersion" in caught.value.response.json()["message"]


def test_logs_are_denied_by_its_own_permissions(tmp_path: Path) -> None:
    """Original: its role has neither pods nor pods/log."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        with pytest.raises(httpx.HTTPStatusError) as caught:
            flow.logs("shop")
        assert caught.value.response.status_code == 403


def test_ours_reads_logs() -> None:
    """Original: logs denied. Ours has the two verbs in its own role."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps)
        tail = await apps.logs("default", "shop", tenant="acme", query=LogQuery())
        assert "listening on 0.0.0.0:8080" in tail.logs

    ours(scenario)


def test_interrupted_deletion_leaves_an_orphan(tmp_path: Path) -> None:
    """Original: the InferenceService goes first; when the next step fails, a repeated DELETE is a 404."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        cluster.fail_next("DELETE .*/domainmappings/", 500)
        for status in (500, 404):
            with pytest.raises(httpx.HTTPStatusError) as caught:
                flow.delete("shop")
            assert caught.value.response.status_code == status
            cluster.settle()
        assert mappings(cluster) == ["shop.calvinruntime.net"]


def test_custom_domain_is_never_deleted(tmp_path: Path) -> None:
    """Original: deletion knows only the domain made of the name."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE, custom_domain="www.example.com")
        cluster.settle()
        flow.delete("shop")
        cluster.settle()
        assert mappings(cluster) == ["www.example.com"]


def test_ours_takes_every_domain_with_it() -> None:
    """Original: orphans. Ours: domains belong to the InferenceService, so they go with it, one request or many."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps, custom_domain="www.example.com")
        assert mappings(cluster) == ["shop.calvinruntime.net", "www.example.com"]
        cluster.fail_next("DELETE .*/domainmappings/", 500, times=10)
        await apps.delete("default", "shop", tenant="acme")
        cluster.settle()
        assert mappings(cluster) == []
        assert get(cluster, ISVC, "shop") is None

    ours(scenario)


def test_last_condition_is_not_readiness(tmp_path: Path) -> None:
    """Original: takes the last condition of the sorted list for readiness: wrong for a ready and for a failed app."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        assert (ready(cluster), flow.is_ready("shop")) == ("True", False)  # The last one is `Stopped`.
        cluster.call(lambda _: setattr(platform(cluster), "kserve_version", (0, 14)))
        flow.deploy("older", IMAGE)
        flow.deploy("older", IMAGE.replace(":1", ":crash"))
        cluster.settle()
        older = get(cluster, ISVC, "older")
        assert older is not None
        told = {item["type"]: item["status"] for item in older["status"]["conditions"]}
        assert (told["Ready"], flow.is_ready("older")) == ("False", True)  # The last one is `RoutesReady`.


def test_ours_reads_the_condition_named_ready() -> None:
    """Original: last condition. Ours looks for the type `Ready`."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps)
        assert (await apps.get("default", "shop", tenant="acme")).summary.ready
        await deploy(cluster, apps, IMAGE.replace(":1", ":crash"))
        assert not (await apps.get("default", "shop", tenant="acme")).summary.ready

    ours(scenario)


def test_existing_domain_mapping_is_not_updated(tmp_path: Path) -> None:
    """Original: a DomainMapping that exists is left, even when it points elsewhere."""
    with original(tmp_path) as (cluster, flow):
        flow.map_domain("shop.calvinruntime.net", "gone", "default", api_version="serving.knative.dev/v1")
        flow.deploy("shop", IMAGE)
        cluster.settle()
        mapping = get(cluster, DOMAIN_MAPPING, "shop.calvinruntime.net")
        assert mapping is not None
        assert mapping["spec"]["ref"]["name"] == "gone-predictor"


def test_ours_sets_a_changed_domain_mapping_right() -> None:
    """Original: DomainMapping not updated. Ours applies it at every deployment, and a new custom domain replaces the
    old one."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps, custom_domain="www.example.com")

        def break_it(store: ObjectStore) -> None:
            mapping = store.get(DOMAIN_MAPPING, "default", "shop.calvinruntime.net")
            mapping["spec"]["ref"]["name"] = "gone-predictor"
            store.replace(DOMAIN_MAPPING, mapping)

        cluster.call(break_it)
        await deploy(cluster, apps, custom_domain="shop.example.com")
        mapping = get(cluster, DOMAIN_MAPPING, "shop.calvinruntime.net")
        assert mapping is not None
        assert mapping["spec"]["ref"]["name"] == "shop-predictor"
        assert mappings(cluster) == ["shop.calvinruntime.net", "shop.example.com"]

    ours(scenario)


def test_redeploying_the_same_tag_changes_nothing(tmp_path: Path) -> None:
    """Original: a tag that was pushed anew is not rolled out by deploying it again."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE)
        cluster.settle()
        cluster.call(lambda _: platform(cluster).registry.push(IMAGE, "new"))
        flow.deploy("shop", IMAGE)
        cluster.settle()
        assert get(cluster, REVISION, "shop-predictor-00002") is None


def test_ours_rolls_a_pushed_tag_out_on_request() -> None:
    """Original: same tag changes nothing. Ours: redeploy resolves the tag again."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps)
        digest = cluster.call(lambda _: platform(cluster).registry.push(IMAGE, "new"))
        await deploy(cluster, apps, redeploy=True)
        revision = get(cluster, REVISION, "shop-predictor-00002")
        assert revision is not None
        assert revision["status"]["containerStatuses"][0]["imageDigest"].endswith(digest)

    ours(scenario)


def test_redeploying_without_variables_loses_them(tmp_path: Path) -> None:
    """Original: an update sends a whole container, so what the request does not repeat is gone."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE, envs={"MODE": "fast"})
        flow.deploy("shop", OTHER_IMAGE)
        isvc = get(cluster, ISVC, "shop")
        assert isvc is not None
        assert isvc["spec"]["predictor"]["containers"][0]["env"] == []


def test_ours_keeps_what_a_redeployment_does_not_name() -> None:
    """Original: loses variables. Ours changes only the fields that were given."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        await deploy(cluster, apps, envs={"MODE": "fast"}, max_scale=4)
        await deploy(cluster, apps, OTHER_IMAGE)
        detail = await apps.get("default", "shop", tenant="acme")
        assert (detail.image, detail.max_scale) == (OTHER_IMAGE, 4)
        assert "MODE" in detail.env_names

    ours(scenario)


def test_secret_values_are_readable_in_the_manifest(tmp_path: Path) -> None:
    """Original: every variable in clear in the InferenceService."""
    with original(tmp_path) as (cluster, flow):
        value = "-".join(("very", "private"))
        flow.deploy("shop", IMAGE, envs={"TOKEN": value})
        assert value in str(get(cluster, ISVC, "shop"))


def test_ours_keeps_secret_values_out_of_the_manifest() -> None:
    """Original: variables in clear. Ours puts secret ones into a Secret, from the revision to the pod."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        value = "-".join(("very", "private"))
        await deploy(cluster, apps, secret_envs={"TOKEN": value})
        for key in (ISVC, SERVICE, REVISION, "pods", AUTOSCALER, "events"):
            assert value not in str(cluster.call(lambda store, key=key: store.list(key)))  # type: ignore[misc]
        assert ready(cluster) == "True"

    ours(scenario)


@pytest.mark.parametrize("name", ["Shop", "1shop", "shop_a", "s" * 54])
def test_names_reach_the_cluster_unchecked(tmp_path: Path, name: str) -> None:
    """Original: names are not validated: the cluster refuses them in its own words, or never gets the app ready."""
    with original(tmp_path) as (cluster, flow):
        if len(name) < 54:
            with pytest.raises(httpx.HTTPStatusError) as caught:
                flow.deploy(name, IMAGE)
            assert caught.value.response.status_code in (403, 422)
        else:
            flow.deploy(name, IMAGE)
            cluster.settle()
            assert "no more than 63 characters" in str(cluster.call(lambda store: store.list("events", "default")))


@pytest.mark.parametrize("name", ["Shop", "1shop", "shop_a", "s" * 54])
def test_ours_refuses_names_before_the_cluster_sees_them(name: str) -> None:
    """Original: names not validated. Ours answers 422 and sends nothing."""

    async def scenario(cluster: RunningCluster, apps: Apps) -> None:
        with pytest.raises(ApiError) as caught:
            await deploy(cluster, apps, name=name)
        assert caught.value.status == 422
        assert not [request for request in cluster.requests if "inferenceservices" in request.path]

    ours(scenario)


def test_every_namespace_is_open_to_it(tmp_path: Path) -> None:
    """Original: a ClusterRole, and the namespace of the request is taken as it comes."""
    with original(tmp_path) as (cluster, flow):
        flow.deploy("shop", IMAGE, namespace="team-b")
        cluster.settle()
        assert cluster.call(lambda store: store.find(ISVC, "team-b", "shop")) is not None
