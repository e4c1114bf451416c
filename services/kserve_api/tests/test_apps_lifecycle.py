"""Reading, waiting for, splitting, rolling back and deleting apps on the fake cluster."""

from __future__ import annotations

import asyncio
import time

import pytest

from kserve_api.apps.apps import Apps
from kserve_api.errors import ApiError
from kserve_api.tests.cluster_objects import ISVC, MAPPING, REVISION, change, objects, refused, settled
from kserve_api.tests.running_apps import IMAGE, TENANT, answer, deployment, pause, platform, resume, run
from kserve_api.tests.running_cluster import RunningCluster

_NEXT = IMAGE.replace("1.0", "2.0")


def test_a_list_is_one_call_and_shows_only_the_tenants_apps() -> None:
    """KS-05: namespace, label managed-by, paging; hides platform services and other tenants."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        names = [f"app-{number}" for number in range(5)]
        for name in names:
            await apps.deploy(deployment(name=name), **TENANT)
        await apps.deploy(deployment(name="theirs"), tenant="other", actor="x")
        await settled(cluster)
        change(cluster, ISVC, "app-4", metadata={"labels": {"kserve-api/tenant": "acme"}})
        before = len(cluster.requests)
        page, cursor = await apps.list("team-a", tenant="acme", limit=3)
        assert len(cluster.requests) == before + 1
        rest, end = await apps.list("team-a", tenant="acme", limit=3, cursor=cursor)
        assert [one.name for one in [*page, *rest]] == names[:4]
        assert (bool(cursor), end) == (True, "")
        assert all(one.ready and one.url == f"https://{one.name}.calvinruntime.net" for one in page)
        assert await apps.list("team-b", tenant="acme") == ([], "")
        await refused(apps.list("team-a", tenant="acme", cursor="nonsense"), 422, "invalid_request")

    run(scenario)


def test_the_detail_tells_everything_but_values() -> None:
    """KS-05: image, url, predictor_url, conditions, ready from type Ready, revisions, traffic."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        wanted = deployment(envs={"MODE": "open-value"}, custom_domain="www.example.com", idle_timeout_s=90)
        await apps.deploy(wanted, **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.image, detail.summary.ready, detail.port) == (IMAGE, True, 8080)
        assert (detail.env_names, detail.custom_domain, detail.idle_timeout_s) == (["MODE"], "www.example.com", 90)
        assert "open-value" not in repr(detail)
        conditions = {one.type: one.status for one in detail.conditions}
        assert conditions["Ready"] == conditions["DomainsReady"] == conditions["ScaleToZero"] == "True"
        (revision,) = detail.revisions
        assert (revision.percent, revision.ready) == (100, True)
        assert revision.digest.startswith("sha256:")
        assert [(share.revision, share.percent) for share in detail.traffic] == [("shop-predictor-00001", 100)]
        await refused(apps.get("team-a", "none", tenant="acme"), 404, "not_found")

    run(scenario)


def test_ready_is_the_condition_of_that_type_wherever_it_stands() -> None:
    """Original: takes the last condition of the list for `ready`."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        pause(cluster)
        conditions = [{"type": "Ready", "status": "False", "reason": "X"}, {"type": "IngressReady", "status": "True"}]
        change(cluster, ISVC, "shop", status={"conditions": conditions})
        ((summary,), _) = await apps.list("team-a", tenant="acme")
        assert summary.ready is False

    run(scenario)


def test_waiting_for_an_update_waits_for_its_own_revision() -> None:
    """Original: on an update the first poll sees the old revision. Here `wait` ends with the new one."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        pause(cluster)
        deployed = await apps.deploy(deployment(image=_NEXT), **TENANT)
        waiting = asyncio.create_task(apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=60))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        resume(cluster)
        assert (await waiting).ready
        assert (await apps.get("team-a", "shop", tenant="acme")).revisions[0].image == _NEXT

    run(scenario)


@pytest.mark.parametrize(("tag", "code"), [("crash", "app_failed"), ("missing", "app_failed")])
def test_waiting_for_an_app_that_does_not_start_ends_early(tag: str, code: str) -> None:
    """Trouble app-wont-start: the failure is told without waiting for the whole time."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        deployed = await apps.deploy(deployment(image=IMAGE.replace("1.0", tag)), **TENANT)
        start = time.monotonic()
        error = await refused(apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=120), 422, code)
        assert time.monotonic() - start < 60
        assert isinstance(error.details["conditions"], list)

    run(scenario)


def test_waiting_has_an_end() -> None:
    """KS-01: `wait=true` of an app that takes too long."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        deployed = await apps.deploy(deployment(image=IMAGE.replace("1.0", "wrong-port")), **TENANT)
        await refused(apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=1), 504, "not_ready_in_time")

    run(scenario)


def test_deleting_an_app_deletes_all_that_belongs_to_it() -> None:
    """Original: delete order leaves orphans, custom domains are never deleted."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(secret_envs={"KEY": "1"}, custom_domain="www.example.com"), **TENANT)
        await settled(cluster)
        uid = await apps.delete("team-a", "shop", tenant="acme")
        assert await apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=30)
        await settled(cluster)
        for key in (ISVC, MAPPING, REVISION, "services.serving.knative.dev", "secrets", "pods"):
            assert objects(cluster, key) == [], key
        await refused(apps.get("team-a", "shop", tenant="acme"), 404, "not_found")
        await refused(apps.delete("team-a", "shop", tenant="acme"), 404, "not_found")

    run(scenario)


def test_an_app_can_be_deployed_again_right_after_its_deletion() -> None:
    """KS-05: a new app of the name has its own domain and is not taken for the old one."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(custom_domain="www.example.com"), **TENANT)
        await settled(cluster)
        uid = await apps.delete("team-a", "shop", tenant="acme")
        assert await apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=30)
        deployed = await apps.deploy(deployment(), **TENANT)
        assert deployed.action == "created"
        assert await apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=30)
        await settled(cluster)
        assert [one["metadata"]["name"] for one in objects(cluster, MAPPING)] == ["shop.calvinruntime.net"]
        assert answer(cluster, "shop.calvinruntime.net").status == 200

    run(scenario)


def test_a_deletion_that_takes_long_is_told_and_blocks_a_new_deployment() -> None:
    """KS-05: DELETE waits or 202."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        pause(cluster, "kserve")
        uid = await apps.delete("team-a", "shop", tenant="acme")
        assert not await apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=0.5)
        assert (await apps.get("team-a", "shop", tenant="acme")).deleting
        await refused(apps.deploy(deployment(), **TENANT), 409, "being_deleted")
        waiting = asyncio.create_task(apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=30))
        await asyncio.sleep(0.2)
        resume(cluster)
        assert await waiting

    run(scenario)


def test_domains_follow_the_deployment() -> None:
    """Original: a DomainMapping that exists is never updated, that of a custom domain never deleted."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        def names() -> list[str]:
            return [one["metadata"]["name"] for one in objects(cluster, MAPPING)]

        await apps.deploy(deployment(custom_domain="one.example.com"), **TENANT)
        await settled(cluster)
        await apps.deploy(deployment(custom_domain="two.example.com"), **TENANT)
        await settled(cluster)
        assert names() == ["shop.calvinruntime.net", "two.example.com"]
        change(
            cluster, MAPPING, "two.example.com", spec={"ref": {"kind": "Service", "name": "other", "apiVersion": "v1"}}
        )
        await apps.deploy(deployment(), **TENANT)
        mapping = objects(cluster, MAPPING)[1]
        assert mapping["spec"]["ref"]["name"] == "shop-predictor"
        await apps.deploy(deployment(custom_domain=None), **TENANT)
        await settled(cluster)
        assert names() == ["shop.calvinruntime.net"]

    run(scenario)


def test_a_domain_of_another_app_is_refused_before_anything_is_written() -> None:
    """KS-04: conflict is 409 with the owner's namespace."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(custom_domain="www.example.com"), **TENANT)
        await settled(cluster)
        for wanted in (
            deployment(name="other", custom_domain="www.example.com"),
            deployment(namespace="team-b"),
            deployment(name="other", namespace="team-b", custom_domain="www.example.com"),
        ):
            error = await refused(apps.deploy(wanted, **TENANT), 409, "domain_taken")
            assert error.details["namespace"] == "team-a"
        assert len(objects(cluster, ISVC, None)) == 1
        assert len(objects(cluster, MAPPING, None)) == 2

    run(scenario)


def test_domain_claims_are_made_and_released_where_knative_does_not() -> None:
    """KS-04: ClusterDomainClaim when autocreate is off."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: platform(cluster).set_config("config-network", autocreate_cluster_domain_claims="false"))
        await apps.deploy(deployment(custom_domain="www.example.com"), **TENANT)
        await settled(cluster)
        conditions = {one.type: one.status for one in (await apps.get("team-a", "shop", tenant="acme")).conditions}
        assert conditions["DomainsReady"] == "True"
        claims = "clusterdomainclaims.networking.internal.knative.dev"
        assert len(objects(cluster, claims, None)) == 2
        await apps.deploy(deployment(custom_domain=None), **TENANT)
        assert [one["metadata"]["name"] for one in objects(cluster, claims, None)] == ["shop.calvinruntime.net"]
        await apps.delete("team-a", "shop", tenant="acme")
        assert objects(cluster, claims, None) == []

    run(scenario, domain_claims="create")


def test_traffic_is_split_and_given_back() -> None:
    """KS-05: revisions and traffic."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        await apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=0)
        deployed = await apps.deploy(deployment(image=_NEXT), **TENANT)
        assert any("0 %" in warning for warning in deployed.warnings)
        await settled(cluster)
        await apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=20)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert [(one.name[-1], one.percent) for one in detail.revisions] == [("2", 20), ("1", 80)]
        sent = [answer(cluster, "shop.calvinruntime.net").revision[-1] for _ in range(100)]
        assert (sent.count("2"), sent.count("1")) == (20, 80)
        await apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=100)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert [(one.name[-1], one.percent) for one in detail.revisions] == [("2", 100), ("1", 0)]
        await refused(apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=101), 422, "invalid_request")

    run(scenario)


def test_a_rollback_runs_the_old_image_by_digest_with_all_traffic() -> None:
    """KS-05: rollback, and the rollback of a rollback."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await refused(apps.rollback("team-a", "shop", **TENANT), 404, "not_found")
        await apps.deploy(deployment(port=9000, envs={"A": "1"}), **TENANT)
        await settled(cluster)
        await refused(apps.rollback("team-a", "shop", **TENANT), 409, "no_earlier_revision")
        await apps.deploy(deployment(image=_NEXT, port=9001, envs={"A": "2"}, max_scale=3), **TENANT)
        await settled(cluster)
        await apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=50)
        deployed = await apps.rollback("team-a", "shop", **TENANT)
        assert (await apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=30)).ready
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.port, detail.max_scale) == (9000, 3)
        assert detail.revisions[0].percent == 100
        assert detail.revisions[0].digest == detail.revisions[2].digest
        assert detail.image.startswith(IMAGE.partition(":")[0] + "@sha256:")
        await apps.rollback("team-a", "shop", **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.port, detail.revisions[0].digest) == (9001, detail.revisions[2].digest)

    run(scenario)


def test_a_rollback_goes_only_to_revisions_that_were_ready() -> None:
    """KS-05: rollback to a named revision."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        for tag in ("crash", "crash-too"):
            await apps.deploy(deployment(image=IMAGE.replace("1.0", tag)), **TENANT)
            await settled(cluster)
        bad = "shop-predictor-00002"
        await refused(apps.rollback("team-a", "shop", **TENANT, revision=bad), 409, "revision_not_ready")
        await refused(apps.rollback("team-a", "shop", **TENANT, revision="x"), 404, "revision_not_found")
        await apps.rollback("team-a", "shop", **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.summary.ready, detail.revisions[0].digest) == (True, detail.revisions[-1].digest)

    run(scenario)


def test_a_missing_namespace_and_a_cluster_that_is_away_are_told_plainly() -> None:
    """KS-08: errors."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await refused(apps.deploy(deployment(namespace="nowhere"), **TENANT), 404, "not_found")
        cluster.fail_next("GET ", status=429, reason="TooManyRequests", retry_after_s=7)
        error = await refused(apps.list("team-a", tenant="acme"), 429, "cluster_busy")
        assert error.retry_after_s == 7
        cluster.fail_next("GET ", drop=True, times=9)
        await refused(apps.list("team-a", tenant="acme"), 503, "cluster_unreachable")

    run(scenario)


def test_operations_do_not_go_to_the_cluster_with_a_name_that_is_none() -> None:
    """Original: names were not validated and went into paths."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        before = len(cluster.requests)
        for name in ("../secrets", "a/b", "A", ""):
            await refused(apps.get("team-a", name, tenant="acme"), 422, "invalid_request")
            await refused(apps.delete("team-a", name, tenant="acme"), 422, "invalid_request")
            await refused(apps.get(name, "shop", tenant="acme"), 422, "invalid_request")
        with pytest.raises(ApiError):
            await apps.list("..", tenant="acme")
        assert len(cluster.requests) == before

    run(scenario)
