"""Deployments on the fake cluster: create, change, repair, refuse."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kserve_api.apps.app import Resources
from kserve_api.apps.apps import Apps
from kserve_api.apps.manifest import state_of
from kserve_api.apps.secrets import SecretVariables
from kserve_api.cluster.cluster import LogQuery
from kserve_api.cluster.resources import Resource
from kserve_api.errors import ApiError
from kserve_api.tests.cluster_objects import ISVC, MAPPING, REVISION, objects, refused, settled
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.running_apps import IMAGE, TENANT, answer, deployment, push, run
from kserve_api.tests.running_cluster import RunningCluster


def _isvc(cluster: RunningCluster) -> dict[str, Any]:
    (isvc,) = objects(cluster, ISVC)
    return isvc


def _writes(cluster: RunningCluster) -> list[str]:
    return [f"{method} {path}" for method, path, _, _ in cluster.requests if method not in ("GET", "HEAD")]


def test_a_deployed_app_answers_at_its_url() -> None:
    """Flow deploy: InferenceService, Knative Service, revision, DomainMapping, 200 at the URL."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        deployed = await apps.deploy(deployment(), **TENANT)
        assert (deployed.action, deployed.changed, deployed.warnings) == ("created", True, ())
        assert deployed.summary.url == "https://shop.calvinruntime.net"
        ready = await apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=30)
        assert ready.ready
        await settled(cluster)
        services = objects(cluster, "services.serving.knative.dev")
        assert [service["metadata"]["name"] for service in services] == ["shop-predictor"]
        assert [one["metadata"]["name"] for one in objects(cluster, REVISION)] == ["shop-predictor-00001"]
        (mapping,) = objects(cluster, MAPPING)
        assert mapping["metadata"]["name"] == "shop.calvinruntime.net"
        assert mapping["spec"]["ref"]["apiVersion"] == "serving.knative.dev/v1"
        assert answer(cluster, "shop.calvinruntime.net").status == 200

    run(scenario)


def test_a_redeployment_of_only_the_image_makes_a_revision_and_loses_nothing() -> None:
    """Limits: everything else stays, on the InferenceService and on the new revision."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        first = deployment(
            envs={"MODE": "fast"},
            secret_envs={"KEY": "value"},
            min_scale=1,
            max_scale=7,
            concurrency=50,
            port=9000,
            resources=Resources("200m", "256Mi", "2", "1Gi"),
            image_pull_secret="pull",
            custom_domain="www.example.com",
            idle_timeout_s=120,
        )
        await apps.deploy(first, **TENANT)
        await settled(cluster)
        before = _isvc(cluster)
        deployed = await apps.deploy(deployment(image=IMAGE.replace("1.0", "2.0")), **TENANT)
        await settled(cluster)
        after = _isvc(cluster)
        assert (deployed.action, deployed.changed) == ("updated", True)
        before["spec"]["predictor"]["containers"][0]["image"] = IMAGE.replace("1.0", "2.0")
        assert after["spec"] == before["spec"]
        stamp = "kserve-api/redeployed-at"
        before["metadata"]["annotations"].pop(stamp)
        after["metadata"]["annotations"].pop(stamp)
        assert after["metadata"]["annotations"] == before["metadata"]["annotations"]
        old, new = objects(cluster, REVISION)
        assert old["spec"]["containers"][0]["env"] == new["spec"]["containers"][0]["env"]
        assert len(objects(cluster, MAPPING)) == 2

    run(scenario)


def test_deploying_what_is_there_writes_nothing() -> None:
    """KS-02: `changed` is False, and no new revision comes."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        wanted = deployment(envs={"A": "1"}, secret_envs={"KEY": "value"}, custom_domain="www.example.com")
        await apps.deploy(wanted, **TENANT)
        await settled(cluster)
        writes = len(_writes(cluster))
        deployed = await apps.deploy(wanted, tenant="acme", actor="somebody else")
        assert (deployed.action, deployed.changed) == ("updated", False)
        assert len(_writes(cluster)) == writes
        await settled(cluster)
        assert len(objects(cluster, REVISION)) == 1

    run(scenario)


def test_a_pushed_tag_is_resolved_again_on_redeploy_and_restart() -> None:
    """Update by tag: the same tag with another digest rolls out only when asked for."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        push(cluster, IMAGE)
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        assert len(objects(cluster, REVISION)) == 1
        deployed = await apps.deploy(deployment(redeploy=True), **TENANT)
        assert deployed.changed
        await settled(cluster)
        await apps.restart("team-a", "shop", **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        newest, middle, oldest = detail.revisions
        assert newest.digest == middle.digest != oldest.digest
        assert {revision.image for revision in detail.revisions} == {IMAGE}

    run(scenario)


def test_fields_that_are_taken_back_disappear_from_the_object() -> None:
    """KS-02: prune by server-side apply, also of fields that the creation wrote."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(
            deployment(concurrency=5, idle_timeout_s=60, envs={"A": "1", "B": "2"}, image_pull_secret="pull"), **TENANT
        )
        await apps.deploy(
            deployment(concurrency=None, idle_timeout_s=None, envs={"B": "2"}, image_pull_secret=None), **TENANT
        )
        isvc = _isvc(cluster)
        predictor = isvc["spec"]["predictor"]
        assert {"scaleTarget", "scaleMetric", "imagePullSecrets"}.isdisjoint(predictor)
        assert [entry["name"] for entry in predictor["containers"][0]["env"]] == ["SERVICE_URL", "B"]
        assert "autoscaling.knative.dev/scale-to-zero-pod-retention-period" not in isvc["metadata"]["annotations"]

    run(scenario)


def test_what_others_wrote_on_the_object_stays() -> None:
    """KS-02: server-side apply touches only our fields."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)

        def annotate(store: ObjectStore) -> None:
            isvc = store.get(ISVC, "team-a", "shop")
            isvc["metadata"]["annotations"]["example.com/note"] = "kept"
            store.replace(ISVC, isvc)

        cluster.call(annotate)
        await apps.deploy(deployment(max_scale=3), **TENANT)
        assert _isvc(cluster)["metadata"]["annotations"]["example.com/note"] == "kept"

    run(scenario)


def test_what_was_changed_by_hand_is_set_again() -> None:
    """KS-02: a deployment repairs our own fields."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)

        def break_it(store: ObjectStore) -> None:
            isvc = store.get(ISVC, "team-a", "shop")
            isvc["spec"]["predictor"]["containers"][0]["env"] = []
            del isvc["spec"]["predictor"]["minReplicas"]
            store.replace(ISVC, isvc)

        cluster.call(break_it)
        assert (await apps.deploy(deployment(min_scale=0), **TENANT)).changed
        predictor = _isvc(cluster)["spec"]["predictor"]
        assert predictor["minReplicas"] == 0
        assert predictor["containers"][0]["env"][0]["name"] == "SERVICE_URL"

    run(scenario)


def test_a_conflict_is_solved_by_reading_again() -> None:
    """KS-02: 409 retried with fresh resourceVersion."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await asyncio.gather(
            *(
                apps.deploy(deployment(**{field: value}), **TENANT)
                for field, value in (("max_scale", 3), ("port", 9000))
            )
        )
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.max_scale, detail.port) == (3, 9000)

    run(scenario)


def test_two_creations_at_once_are_one_app_with_both() -> None:
    """KS-02: whoever comes second changes the app, never another tenant's."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        outcomes = await asyncio.gather(
            apps.deploy(deployment(max_scale=3), tenant="acme", actor="a"),
            apps.deploy(deployment(max_scale=4), tenant="other", actor="b"),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
        assert [error.code for error in refused] == ["not_found"]
        tenant, scale = ("acme", 3) if isinstance(outcomes[1], ApiError) else ("other", 4)
        assert (await apps.get("team-a", "shop", tenant=tenant)).max_scale == scale

    run(scenario)


def _meddle(apps: Apps, cluster: RunningCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delete the app between our reading it and our first write of it."""
    apply = apps._cluster.apply

    async def late(resource: Resource, wanted: dict[str, Any]) -> dict[str, Any]:
        monkeypatch.undo()
        cluster.call(lambda store: store.delete(ISVC, "team-a", "shop"))
        await settled(cluster)
        return await apply(resource, wanted)

    monkeypatch.setattr(apps._cluster, "apply", late)


def test_an_app_that_is_deleted_while_it_is_changed_is_not_brought_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-02: an apply would create what is not there."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        _meddle(apps, cluster, monkeypatch)
        await refused(apps.restart("team-a", "shop", **TENANT), 404, "not_found")
        assert objects(cluster, ISVC) == []

    run(scenario)


def test_a_deployment_of_an_app_that_is_just_deleted_creates_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-02: with this deployment's fields, not with those of the deleted one."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(max_scale=3), **TENANT)
        await settled(cluster)
        _meddle(apps, cluster, monkeypatch)
        deployed = await apps.deploy(deployment(port=9000), **TENANT)
        assert deployed.action == "created"
        assert (await apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=30)).ready
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert (detail.max_scale, detail.port) == (10, 9000)

    run(scenario)


def test_apps_of_others_are_not_touched() -> None:
    """KS-08: another tenant's app is not there; one that was not deployed here is refused."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        for call in (
            apps.get("team-a", "shop", tenant="other"),
            apps.delete("team-a", "shop", tenant="other"),
            apps.deploy(deployment(), tenant="other", actor="x"),
            apps.restart("team-a", "shop", tenant="other", actor="x"),
            apps.rollback("team-a", "shop", tenant="other", actor="x"),
            apps.set_traffic("team-a", "shop", tenant="other", latest_percent=5),
        ):
            await refused(call, 404, "not_found")

        def take_away(store: ObjectStore) -> None:
            isvc = store.get(ISVC, "team-a", "shop")
            del isvc["metadata"]["labels"]["app.kubernetes.io/managed-by"]
            store.replace(ISVC, isvc)

        cluster.call(take_away)
        await refused(apps.deploy(deployment(), **TENANT), 409, "not_managed")
        await refused(apps.delete("team-a", "shop", tenant="acme"), 409, "not_managed")

    run(scenario)


def test_the_least_scale_is_checked_against_the_apps_own_most() -> None:
    """KS-01: scales."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await refused(apps.deploy(deployment(min_scale=11), **TENANT), 422, "invalid_request")
        await apps.deploy(deployment(max_scale=20), **TENANT)
        await apps.deploy(deployment(min_scale=11), **TENANT)
        await refused(apps.deploy(deployment(max_scale=10), **TENANT), 422, "invalid_request")

    run(scenario)


def test_the_clusters_own_quota_is_told_and_leaves_nothing_behind() -> None:
    """KS-08: quotas."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        quota = {
            "metadata": {"name": "apps", "namespace": "team-b"},
            "spec": {"hard": {"count/inferenceservices.serving.kserve.io": "0"}},
        }
        cluster.call(lambda store: store.create("resourcequotas", quota))
        wanted = replace(deployment(secret_envs={"KEY": "v"}), namespace="team-b", name="other")
        await refused(apps.deploy(wanted, **TENANT), 403, "quota_exceeded")
        assert objects(cluster, "secrets", "team-b") == []

    run(scenario)


def test_operations_cost_few_calls() -> None:
    """KS-05: reads; the list is one call however many apps there are."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        costs: dict[str, int] = {}

        async def count(what: str, call: Awaitable[object]) -> None:
            before = len(cluster.requests)
            await call
            costs[what] = len(cluster.requests) - before
            await settled(cluster)

        await count("create", apps.deploy(deployment(), **TENANT))
        await count("first change", apps.deploy(deployment(max_scale=3), **TENANT))
        await count("change", apps.deploy(deployment(max_scale=4), **TENANT))
        await count("no change", apps.deploy(deployment(), **TENANT))
        await count("first get", apps.get("team-a", "shop", tenant="acme"))
        await count("get", apps.get("team-a", "shop", tenant="acme"))
        await count("list", apps.list("team-a", tenant="acme"))
        await count("logs", apps.logs("team-a", "shop", tenant="acme", query=LogQuery()))
        await count("delete", apps.delete("team-a", "shop", tenant="acme"))
        assert costs == {
            "create": 6,
            "first change": 4,
            "change": 3,
            "no change": 2,
            "first get": 4,
            "get": 3,
            "list": 1,
            "logs": 3,
            "delete": 3,
        }

    run(scenario)


def _secrets(cluster: RunningCluster) -> dict[str, dict[str, str]]:
    return {
        secret["metadata"]["name"]: {
            key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()
        }
        for secret in objects(cluster, "secrets")
        if secret["metadata"]["name"].startswith("shop-env-")
    }


def test_secret_values_are_in_a_secret_and_nowhere_else() -> None:
    """KS-02: secret envs through a Secret and secretKeyRef."""
    value = "very-" + "hidden"

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        deployed = await apps.deploy(deployment(secret_envs={"KEY": value}), **TENANT)
        await settled(cluster)
        detail = await apps.get("team-a", "shop", tenant="acme")
        assert detail.secret_env_names == ["KEY"]
        assert value not in repr((deployed, detail, _isvc(cluster), objects(cluster, REVISION)))
        ((name, data),) = _secrets(cluster).items()
        assert data == {"KEY": value}
        (secret,) = (one for one in objects(cluster, "secrets") if one["metadata"]["name"] == name)
        assert secret["immutable"] is True
        assert secret["metadata"]["ownerReferences"][0]["uid"] == _isvc(cluster)["metadata"]["uid"]

    run(scenario)


def test_the_same_values_keep_their_secret_and_changed_ones_make_a_revision() -> None:
    """KS-02: secret envs. A rollback finds its old values; what nothing uses any more is deleted later."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(secret_envs={"KEY": "1"}), **TENANT)
        await settled(cluster)
        assert not (await apps.deploy(deployment(secret_envs={"KEY": "1"}), **TENANT)).changed
        assert (await apps.deploy(deployment(secret_envs={"KEY": "2"}), **TENANT)).changed
        await settled(cluster)
        assert sorted(data["KEY"] for data in _secrets(cluster).values()) == ["1", "2"]
        await apps.rollback("team-a", "shop", **TENANT)
        await settled(cluster)
        newest = objects(cluster, REVISION)[-1]
        reference = newest["spec"]["containers"][0]["env"][1]["valueFrom"]["secretKeyRef"]
        assert _secrets(cluster)[reference["name"]] == {"KEY": "1"}

    run(scenario)


def test_a_refused_deployment_deletes_only_the_secret_that_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-02: secret envs. One that it found is still an older revision's, though the app has another by now."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(secret_envs={"KEY": "1"}), **TENANT)
        await settled(cluster)
        apply = apps._cluster.apply

        async def overtaken(resource: Resource, wanted: dict[str, Any]) -> dict[str, Any]:
            monkeypatch.undo()
            await apps.deploy(deployment(secret_envs={"KEY": "2"}), **TENANT)
            cluster.fail_next("PATCH .*/inferenceservices", status=422, reason="Invalid")
            return await apply(resource, wanted)

        monkeypatch.setattr(apps._cluster, "apply", overtaken)
        await refused(apps.deploy(deployment(secret_envs={"KEY": "1"}, max_scale=3), **TENANT), 502, "cluster_error")
        assert sorted(data["KEY"] for data in _secrets(cluster).values()) == ["1", "2"]
        cluster.fail_next("PATCH .*/inferenceservices", status=422, reason="Invalid")
        await refused(apps.deploy(deployment(secret_envs={"KEY": "3"}), **TENANT), 502, "cluster_error")
        assert sorted(data["KEY"] for data in _secrets(cluster).values()) == ["1", "2"]

    run(scenario)


def test_secrets_that_nothing_refers_to_are_deleted_after_some_minutes() -> None:
    """KS-02: secret envs. Another deployment may just have made one: a young one is left."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        labels = {"app.kubernetes.io/managed-by": "kserve-api", "kserve-api/app": "shop", "kserve-api/tenant": "acme"}
        metadata = {"name": "shop-env-left", "namespace": "team-a", "labels": labels}
        cluster.call(lambda store: store.create("secrets", {"metadata": metadata, "type": "Opaque"}))
        await apps.deploy(deployment(secret_envs={"KEY": "1"}), **TENANT)
        assert len(_secrets(cluster)) == 2
        later = SecretVariables(apps._cluster, lambda: datetime.now(UTC) + timedelta(minutes=6))
        isvc = _isvc(cluster)
        await later.tidy(isvc, state_of(isvc))
        assert list(_secrets(cluster).values()) == [{"KEY": "1"}]

    run(scenario)


def test_a_deployment_that_broke_off_is_completed_by_the_next() -> None:
    """Flow deploy: nothing is left that the next deployment does not repair."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        wanted = deployment(secret_envs={"KEY": "1"}, custom_domain="www.example.com")
        for kind in ("secrets", "inferenceservices", "domainmappings"):
            cluster.fail_next(f"POST .*/{kind}", status=500)
            await refused(apps.deploy(wanted, **TENANT), 502, "cluster_error")
        await apps.deploy(wanted, **TENANT)
        await settled(cluster)
        assert len(objects(cluster, MAPPING)) == 2
        assert all(one["metadata"].get("ownerReferences") for one in objects(cluster, "secrets"))
        assert (await apps.get("team-a", "shop", tenant="acme")).summary.ready

    run(scenario)
