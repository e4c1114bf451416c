"""The declared permissions are exactly those that the operations use, and enough for all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import yaml

from kserve_api.apps.apps import Apps
from kserve_api.apps.permissions import REQUIRED, Permission, required_permissions
from kserve_api.cluster.cluster import LogQuery
from kserve_api.settings import Settings
from kserve_api.tests.cluster_objects import ISVC, MAPPING, change, objects, refused, settled
from kserve_api.tests.running_apps import IMAGE, TENANT, deployment, platform, run
from kserve_api.tests.running_cluster import RunningCluster

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[^/?]+)(?:/(?P<name>[^/?]+))?"
    r"(?:/(?P<subresource>[^/?]+))?(?:\?(?P<query>.*))?"
)
_VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}
_ACCOUNT = "kserve-api"
_Use = tuple[str, str, str]  # Group, resource with subresource, verb.


def _uses(permissions: tuple[Permission, ...]) -> set[_Use]:
    return {(one.resource.group, _resource(one), verb) for one in permissions for verb in one.verbs}


def _resource(permission: Permission) -> str:
    return permission.resource.plural + (f"/{permission.subresource}" if permission.subresource else "")


def _used(cluster: RunningCluster) -> Iterator[_Use]:
    for method, path, _, _ in cluster.requests:
        match = _PATH.fullmatch(path)
        assert match, path
        verb = _VERBS.get(method) or ("get" if match["name"] else "list")
        if "watch=true" in (match["query"] or ""):
            verb = "watch"
        resource = match["plural"] + (f"/{match['subresource']}" if match["subresource"] else "")
        yield match["group"] or "", resource, verb


def _rules(permissions: list[Permission]) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = []
    for one in permissions:
        names = {"resourceNames": list(one.names)} if one.names else {}
        rules.append(
            {"apiGroups": [one.resource.group], "resources": [_resource(one)], "verbs": list(one.verbs), **names}
        )
    return rules


def _manifests(folder: Path, permissions: tuple[Permission, ...]) -> Path:
    """Roles with these permissions and nothing else, for the account kserve-api."""
    account = {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": "platform"}
    documents: list[dict[str, object]] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _ACCOUNT, "namespace": "platform"}}
    ]
    api = "rbac.authorization.k8s.io"
    for scope, namespace in (("apps", "team-a"), ("knative", "knative-serving"), ("cluster", "")):
        cluster = "Cluster" if scope == "cluster" else ""
        metadata = {"name": f"test-{scope}"} | ({} if cluster else {"namespace": namespace})
        common = {"apiVersion": f"{api}/v1", "metadata": metadata}
        reference = {"apiGroup": api, "kind": f"{cluster}Role", "name": metadata["name"]}
        rules = _rules([one for one in permissions if one.scope == scope])
        documents += [
            {**common, "kind": f"{cluster}Role", "rules": rules},
            {**common, "kind": f"{cluster}RoleBinding", "roleRef": reference, "subjects": [account]},
        ]
    path = folder / "rbac.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


async def _everything(apps: Apps, cluster: RunningCluster) -> None:
    """Every operation once, on a platform that needs all that can be switched on."""
    cluster.call(lambda _: platform(cluster).set_config("config-network", autocreate_cluster_domain_claims="false"))
    cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
    wanted = deployment(secret_envs={"KEY": "1"}, custom_domain="www.example.com", min_scale=1)
    deployed = await apps.deploy(wanted, **TENANT)
    await apps.wait_until_ready("team-a", "shop", deployed=deployed, timeout_s=30)
    await apps.deploy(deployment(min_scale=0, secret_envs={"KEY": "2"}, custom_domain=None), **TENANT)
    await asyncio.gather(*apps._background)
    await settled(cluster)
    await apps.list("team-a", tenant="acme")
    cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
    await apps.get("team-a", "shop", tenant="acme")
    await apps.set_traffic("team-a", "shop", tenant="acme", latest_percent=50)
    await apps.rollback("team-a", "shop", **TENANT)
    await apps.restart("team-a", "shop", **TENANT)
    await asyncio.gather(*apps._background)
    await settled(cluster)
    await apps.logs("team-a", "shop", tenant="acme", query=LogQuery())
    async with aclosing(apps.follow_logs("team-a", "shop", tenant="acme", query=LogQuery())) as events:
        await anext(events)
    uid = await apps.delete("team-a", "shop", tenant="acme")
    await apps.wait_until_gone("team-a", "shop", uid=uid, timeout_s=30)


def test_all_operations_work_with_the_declared_permissions_and_nothing_is_forbidden(tmp_path: Path) -> None:
    """KS-09: exactly the verbs used, incl. pods and pods/log (the original's Role lacked them)."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await _everything(apps, cluster)
        assert [request for request in cluster.requests if request[3] == 403] == []

    run(
        scenario,
        account=_ACCOUNT,
        rbac=(_manifests(tmp_path, REQUIRED),),
        domain_claims="create",
        patch_old_kserve=True,
    )


def test_every_declared_verb_is_used_and_every_used_one_declared() -> None:
    """KS-09: exactly the verbs used."""
    used: set[_Use] = set()

    async def all_of_it(apps: Apps, cluster: RunningCluster) -> None:
        await _everything(apps, cluster)
        used.update(_used(cluster))

    async def old_kserve_unpatched(apps: Apps, cluster: RunningCluster) -> None:
        cluster.call(lambda _: setattr(platform(cluster), "drops_zero_min_replicas", True))
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        await apps.get("team-a", "shop", tenant="acme")
        other = {"apiVersion": "v1", "kind": "Service", "name": "other"}
        change(cluster, MAPPING, "shop.calvinruntime.net", spec={"ref": other})
        await apps.deploy(deployment(), **TENANT)
        await apps.delete("team-a", "shop", tenant="acme")
        left = deployment(name="left", secret_envs={"KEY": "1"})
        await apps.deploy(left, **TENANT)
        cluster.fail_next("PATCH .*/inferenceservices", status=422)
        again = deployment(name="left", secret_envs={"KEY": "2"})
        await refused(apps.deploy(again, **TENANT), 502, "cluster_error")
        used.update(_used(cluster))

    run(all_of_it, domain_claims="create", patch_old_kserve=True)
    run(old_kserve_unpatched)
    assert used == _uses(REQUIRED)


def test_a_missing_verb_is_told_by_its_name(tmp_path: Path) -> None:
    """Original: logs are denied by its own RBAC. Here the answer says which verb is missing."""
    without_logs = tuple(one for one in REQUIRED if one.subresource != "log" and one.scope != "cluster")

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        deployed = await apps.deploy(deployment(image=IMAGE), **TENANT)
        assert any("could not be checked" in warning for warning in deployed.warnings)
        await settled(cluster)
        assert objects(cluster, "pods")
        error = await refused(apps.logs("team-a", "shop", tenant="acme", query=LogQuery()), 502, "not_permitted")
        assert "verb get on pods" in error.message

    run(scenario, account=_ACCOUNT, rbac=(_manifests(tmp_path, without_logs),))


def test_claims_that_may_not_be_read_are_no_guess_where_we_make_them(tmp_path: Path) -> None:
    """KS-04: without `get` a claim of another namespace could not be told from a free domain."""
    without_get = tuple(
        replace(one, verbs=[verb for verb in one.verbs if one.scope != "cluster" or verb != "get"]) for one in REQUIRED
    )

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await refused(apps.deploy(deployment(), **TENANT), 502, "not_permitted")
        assert objects(cluster, ISVC) == []

    run(scenario, account=_ACCOUNT, rbac=(_manifests(tmp_path, without_get),), domain_claims="create")


def test_settings_decide_what_is_required() -> None:
    """KS-09: no verb that the configuration does not use."""
    usual = _uses(required_permissions(Settings()))
    assert ("serving.knative.dev", "revisions", "patch") not in usual
    assert ("networking.internal.knative.dev", "clusterdomainclaims", "create") not in usual
    claiming = [one for one in required_permissions(Settings(domain_claims="create")) if not one.optional]
    assert ("networking.internal.knative.dev", "clusterdomainclaims", "get") in _uses(tuple(claiming))
    everything = required_permissions(Settings(domain_claims="create", patch_old_kserve=True))
    assert everything == REQUIRED
