"""Whether service and cluster agree with the model: answers, objects, owners, and nothing besides them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpx

from kserve_api.tests.app_model import BASE_DOMAIN, App, Model, Revision
from kserve_api.tests.running_cluster import RunningCluster

__all__ = ["MARK", "Agreement", "isvc_of"]

MARK = "canary-"  # Every secret value begins with it.
ISVC = "inferenceservices.serving.kserve.io"
MAPPING = "domainmappings.serving.knative.dev"
REVISION = "revisions.serving.knative.dev"
CLAIM = "clusterdomainclaims.networking.internal.knative.dev"
_SERVICES = (
    "services.serving.knative.dev",
    "configurations.serving.knative.dev",
    "routes.serving.knative.dev",
)
_OURS = ("app.kubernetes.io/managed-by", "kserve-api")
_APP = "kserve-api/app"
Object = dict[str, Any]


def isvc_of(cluster: RunningCluster, namespace: str, name: str) -> Object | None:
    """A copy of the InferenceService, if it is there."""
    return cluster.call(lambda store: store.find(ISVC, namespace, name))


class Agreement:
    """Compares; everything raises AssertionError. The cluster must have come to rest."""

    def __init__(self, cluster: RunningCluster, model: Model, clients: Mapping[str, httpx.Client]) -> None:
        self._cluster = cluster
        self._model = model
        self._clients = clients

    def check(self) -> None:
        """Everything."""
        self._cluster.settle()
        objects = self._objects()
        for (namespace, name), app in self._model.apps.items():
            service = _only(objects[ISVC], namespace, name)
            self._check_service(service, app)
            self._check_domains(service, app, objects[MAPPING])
            secrets = [one for one in objects["secrets"] if _labels(one).get(_APP) == name and _in(one, namespace)]
            self._check_secrets(service, app, secrets)
            revisions = [one for one in objects[REVISION] if _in(one, namespace) and _service_of(one) == name]
            assert len(revisions) == len(app.revisions), (name, len(revisions), len(app.revisions))
        self._check_nothing_else(objects)
        for tenant, namespaces in self._model.namespaces.items():
            for namespace in namespaces:
                self._check_list(tenant, namespace)
        for (namespace, name), app in self._model.apps.items():
            if not app.broken:
                shown = self._check_detail(namespace, name, app, _only(objects[ISVC], namespace, name))
                _check_digests(shown, [one for one in objects[REVISION] if _in(one, namespace)])

    def _objects(self) -> dict[str, list[Object]]:
        kinds = (ISVC, MAPPING, REVISION, CLAIM, "secrets", "pods", *_SERVICES)
        # The stored objects themselves: nothing writes until the next request.
        return self._cluster.call(lambda store: {key: [one.object for one in store.entries(key)] for key in kinds})

    def _check_service(self, service: Object, app: App) -> None:
        name, predictor = service["metadata"]["name"], service["spec"]["predictor"]
        labels, annotations = _labels(service), service["metadata"]["annotations"]
        assert (labels[_OURS[0]], labels["kserve-api/tenant"]) == (_OURS[1], app.tenant)
        assert (predictor["minReplicas"], predictor["maxReplicas"]) == (app.min_scale, app.max_scale)
        assert predictor.get("scaleTarget") == app.concurrency
        assert predictor.get("scaleMetric") == ("concurrency" if app.concurrency else None)
        assert predictor.get("canaryTrafficPercent") == app.latest_percent
        wanted = [{"name": app.image_pull_secret}] if app.image_pull_secret else []
        assert predictor.get("imagePullSecrets", []) == wanted
        assert annotations.get("kserve-api/custom-domain") == app.custom_domain
        retention = annotations.get("autoscaling.knative.dev/scale-to-zero-pod-retention-period")
        assert retention == (None if app.idle_timeout_s is None else f"{app.idle_timeout_s}s")
        assert annotations.get("example.com/note") == ("by hand" if app.note else None)
        (container,) = predictor["containers"]
        assert container["image"] == app.run.image
        assert [port["containerPort"] for port in container["ports"]] == [app.run.port]
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert (requests["cpu"], requests["memory"], limits["cpu"], limits["memory"]) == app.run.resources
        envs = {one["name"]: one["value"] for one in container["env"] if "value" in one}
        url = {} if app.service_url_lost else {"SERVICE_URL": f"https://{name}.{BASE_DOMAIN}"}
        assert envs == {**app.run.envs, **url}
        assert MARK not in str({**service, "metadata": {**service["metadata"], "managedFields": ""}})

    def _check_domains(self, service: Object, app: App, mappings: list[Object]) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        own = [one for one in mappings if _in(one, namespace) and _labels(one).get(_APP) == name]
        assert {one["metadata"]["name"] for one in own} == self._model.domains(name, app)
        for mapping in own:
            assert _owner(mapping) == service["metadata"]["uid"]
            reference = mapping["spec"]["ref"]
            wanted = ("serving.knative.dev/v1", "Service", f"{name}-predictor")
            assert (reference["apiVersion"], reference["kind"], reference["name"]) == wanted
            assert "deletionTimestamp" not in mapping["metadata"]

    def _check_secrets(self, service: Object, app: App, secrets: list[Object]) -> None:
        by_name = {one["metadata"]["name"]: one for one in secrets}
        references = {
            one["name"]: one["valueFrom"]["secretKeyRef"]
            for one in service["spec"]["predictor"]["containers"][0]["env"]
            if "valueFrom" in one
        }
        found = {
            variable: _decoded(by_name[reference["name"]])[reference["key"]]
            for variable, reference in references.items()
        }
        assert found == app.run.secrets
        is_stray = _place(service) in self._model.strays
        for secret in secrets:
            assert secret["immutable"] is True
            # A stray one gets its owner with the next deployment of secret variables, or the deletion.
            assert _owner(secret) == service["metadata"]["uid"] or (is_stray and not _owner(secret))
        kept = [dict(revision.run.secret_data) for revision in app.revisions if revision.run.secret_data]
        left = [_decoded(secret) for secret in secrets]
        assert all(data in left for data in kept)
        if not is_stray:
            assert all(data in kept for data in left), "a Secret is left that no revision refers to"

    def _check_nothing_else(self, objects: Mapping[str, list[Object]]) -> None:
        places = set(self._model.apps)
        everything = places | self._model.foreign
        assert {_place(one) for one in objects[ISVC]} == everything
        for key in _SERVICES:
            wanted = {(namespace, f"{name}-predictor") for namespace, name in everything}
            assert {_place(one) for one in objects[key]} == wanted, key
        for key in (REVISION, "pods"):
            assert {(one["metadata"]["namespace"], _service_of(one)) for one in objects[key]} <= everything, key
        for one in [*objects["secrets"], *objects[MAPPING]]:
            if _labels(one).get(_OURS[0]) == _OURS[1]:
                place = (one["metadata"]["namespace"], _labels(one)[_APP])
                is_stray = one["kind"] == "Secret" and place in self._model.strays
                assert place in places or is_stray, f"an orphan is left: {one['kind']} {one['metadata']['name']}"
        claims = {one["metadata"]["name"]: one["spec"]["namespace"] for one in objects[CLAIM]}
        assert claims == self._model.claims()

    def _check_list(self, tenant: str, namespace: str) -> None:
        answer = self._clients[tenant].get("/models", params={"namespace": namespace})
        assert answer.status_code == 200, answer.text
        names = self._model.owned(tenant, namespace)
        assert [(one["name"], one["namespace"]) for one in answer.json()["models"]] == [(n, namespace) for n in names]
        for one in answer.json()["models"]:
            app = self._model.apps[namespace, one["name"]]
            assert app.broken or one["ready"] == app.ready
            assert one["url"] == f"https://{one['name']}.{BASE_DOMAIN}"

    def _check_detail(self, namespace: str, name: str, app: App, service: Object) -> Object:
        answer = self._clients[app.tenant].get(f"/models/{namespace}/{name}")
        assert answer.status_code == 200, answer.text
        shown: Object = answer.json()
        for field, wanted in {
            "name": name,
            "namespace": namespace,
            "ready": app.ready,
            "image": app.run.image,
            "min_scale": app.min_scale,
            "max_scale": app.max_scale,
            "concurrency": app.concurrency,
            "port": app.run.port,
            "env_names": sorted(app.run.envs),
            "secret_env_names": sorted(app.run.secrets),
            "custom_domain": app.custom_domain,
            "idle_timeout_s": app.idle_timeout_s,
            "deleting": False,
        }.items():
            assert shown[field] == wanted, (name, field, shown[field], wanted)
        assert tuple(shown["resources"].values()) == app.run.resources
        revisions = list(reversed([*enumerate(app.revisions, 1)]))
        assert [(one["name"], one["image"], one["ready"]) for one in shown["revisions"]] == [
            (f"{name}-predictor-{number:05d}", revision.run.image, revision.ready) for number, revision in revisions
        ]
        self._check_traffic(name, app, shown, service)
        conditions = {one["type"]: (one["status"], one["reason"]) for one in shown["conditions"]}
        assert conditions["Ready"][0] == "True" if app.ready else conditions["Ready"][0] != "True"
        assert conditions["DomainsReady"][0] == ("True" if self._model.domains(name, app) else "False"), conditions
        assert conditions["ScaleToZero"] == _scale_to_zero(app)
        return shown

    def _check_traffic(self, name: str, app: App, shown: Object, service: Object) -> None:
        shares = {(one["revision"], one["percent"]) for one in shown["traffic"]}
        ready = [number for number, revision in enumerate(app.revisions, 1) if revision.ready]
        if app.latest_percent is None:
            assert shares == ({(f"{name}-predictor-{ready[-1]:05d}", 100)} if ready else set())
        else:
            told = service["status"]["components"]["predictor"].get("traffic", [])
            assert shares == {(one["revisionName"], one["percent"]) for one in told}
            assert sum(one["percent"] for one in shown["traffic"]) == (100 if ready else 0)


def _check_digests(shown: Object, revisions: list[Object]) -> None:
    """Knative resolves the tag once for each revision."""
    digests = {
        one["metadata"]["name"]: one["status"]["containerStatuses"][0]["imageDigest"].rpartition("@")[2]
        for one in revisions
    }
    for one in shown["revisions"]:
        assert one["digest"] == digests[one["name"]]


def _scale_to_zero(app: App) -> tuple[str, str]:
    if app.min_scale:
        return "False", "MinScale"
    serving: Revision | None = next((one for one in reversed(app.revisions) if one.ready), None)
    if serving is None or (serving.min_scale and serving is not app.revisions[-1]):
        return "Unknown", "NoReadyRevision"
    return "True", ""


def _only(items: list[Object], namespace: str, name: str) -> Object:
    found = [one for one in items if _place(one) == (namespace, name)]
    assert found, f"{name} is not there"
    return found[0]


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _in(item: Object, namespace: str) -> bool:
    return bool(item["metadata"]["namespace"] == namespace)


def _labels(item: Object) -> dict[str, str]:
    labels: dict[str, str] = item["metadata"].get("labels") or {}
    return labels


def _service_of(item: Object) -> str:
    return _labels(item).get("serving.kserve.io/inferenceservice", "")


def _owner(item: Object) -> str:
    """The uid of its only owner."""
    owners = item["metadata"].get("ownerReferences") or []
    return str(owners[0]["uid"]) if len(owners) == 1 else ""


def _decoded(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
