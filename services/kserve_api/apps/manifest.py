"""An app's state to and from its InferenceService; pure.

Scale is set by the typed fields `minReplicas` and `maxReplicas` only: KServe removes the annotations
autoscaling.knative.dev/min-scale and max-scale and makes them anew from these fields, and no minReplicas means 1.
`initial-scale` is not set: with 0 a revision would count as ready before its image has run once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any

from kserve_api.apps.app import CONTAINER, MANAGED_BY, Deployment, Resources
from kserve_api.apps.quantities import parse_quantity
from kserve_api.cluster.cluster import Object
from kserve_api.cluster.resources import INFERENCE_SERVICE
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

__all__ = [
    "APP_LABEL",
    "MANAGED_BY_LABEL",
    "OPTIONAL_ANNOTATIONS",
    "OPTIONAL_FIELDS",
    "TENANT_LABEL",
    "AppState",
    "ContainerState",
    "app_url",
    "container_state",
    "custom_domain_of",
    "merged",
    "predictor_name",
    "stamp_of",
    "state_of",
    "to_manifest",
]

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
TENANT_LABEL = "kserve-api/tenant"
APP_LABEL = "kserve-api/app"  # On what belongs to an app: its Secrets and DomainMappings.

_MODE = "serving.kserve.io/deploymentMode"
_SCRAPING = "serving.kserve.io/enable-prometheus-scraping"
_RETENTION = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"
_CUSTOM_DOMAIN = "kserve-api/custom-domain"
_STAMP = "kserve-api/redeployed-at"
_DEPLOYED_BY = "kserve-api/deployed-by"
# What a manifest may be without, of what is a deployment's to set.
OPTIONAL_ANNOTATIONS = (_CUSTOM_DOMAIN, _STAMP, _RETENTION)
OPTIONAL_FIELDS = ("scaleTarget", "scaleMetric", "canaryTrafficPercent", "imagePullSecrets")
_SERVICE_URL = "SERVICE_URL"
_KSERVE_MIN_REPLICAS = 1  # What KServe takes where the field is missing.
_GO_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What one container runs; `secret_refs` maps a variable to the Secret that has its value under the same key."""

    image: str
    port: int
    readiness_path: str | None
    envs: Mapping[str, str]
    secret_refs: Mapping[str, str]
    resources: Resources


@dataclass(frozen=True, slots=True)
class AppState:
    """All that an InferenceService of ours says."""

    name: str
    namespace: str
    tenant: str
    container: ContainerState
    min_scale: int
    max_scale: int
    concurrency: int | None
    image_pull_secret: str | None
    custom_domain: str | None
    idle_timeout_s: int | None
    latest_percent: int | None = None  # Share of the newest revision; None: all.
    # KServe carries both to the revision's template: a new stamp makes a new revision, by which it is known.
    stamp: str = ""
    deployed_by: str = ""


def app_url(name: str, settings: Settings) -> str:
    """Where the app answers."""
    return f"https://{name}.{settings.base_domain}"


def predictor_name(name: str) -> str:
    """The Knative Service that KServe makes for an app."""
    return f"{name}-predictor"


def merged(current: AppState | None, wanted: Deployment, *, tenant: str, secret_refs: Mapping[str, str]) -> AppState:
    """What the app shall be: the fields in `wanted.given` replaced, the others of `current` kept.

    `secret_refs` are used where `secret_envs` is given. A variable that moves from one kind to the other leaves there.
    """
    new = AppState(
        name=wanted.name,
        namespace=wanted.namespace,
        tenant=tenant,
        container=ContainerState(
            wanted.image, wanted.port, wanted.readiness_path, wanted.envs, secret_refs, wanted.resources
        ),
        min_scale=wanted.min_scale,
        max_scale=wanted.max_scale,
        concurrency=wanted.concurrency,
        image_pull_secret=wanted.image_pull_secret,
        custom_domain=wanted.custom_domain,
        idle_timeout_s=wanted.idle_timeout_s,
    )
    if current is None:
        return new
    kept = {"min_scale", "max_scale", "concurrency", "image_pull_secret", "custom_domain", "idle_timeout_s"}
    given = {name: getattr(new, name) for name in kept & wanted.given}
    return replace(current, container=_merged_container(current.container, new.container, wanted), **given)


def _merged_container(current: ContainerState, new: ContainerState, wanted: Deployment) -> ContainerState:
    given = wanted.given
    envs = new.envs if "envs" in given else current.envs
    secret_refs = new.secret_refs if "secret_envs" in given else current.secret_refs
    if "envs" not in given:
        envs = {name: value for name, value in envs.items() if name not in secret_refs}
    elif "secret_envs" not in given:
        secret_refs = {name: secret for name, secret in secret_refs.items() if name not in envs}
    return ContainerState(
        image=new.image,
        port=new.port if "port" in given else current.port,
        readiness_path=new.readiness_path if "readiness_path" in given else current.readiness_path,
        envs=envs,
        secret_refs=secret_refs,
        resources=new.resources if "resources" in given and _differ(current, new) else current.resources,
    )


def _differ(current: ContainerState, new: ContainerState) -> bool:
    """Whether the amounts are others: KServe's webhook writes `0.5` as `500m`, which is no change."""
    pairs = zip(astuple(current.resources), astuple(new.resources), strict=True)
    return any(one != other and parse_quantity(one) != parse_quantity(other) for one, other in pairs)


def to_manifest(state: AppState, settings: Settings) -> Object:
    """The InferenceService, every field that we set and no other."""
    annotations = {_MODE: settings.deployment_mode, _SCRAPING: "true", _DEPLOYED_BY: state.deployed_by}
    optional = {_CUSTOM_DOMAIN: state.custom_domain, _STAMP: state.stamp}
    annotations |= {key: value for key, value in optional.items() if value}
    if state.idle_timeout_s is not None:
        annotations[_RETENTION] = f"{state.idle_timeout_s}s"
    predictor: dict[str, Any] = {
        "minReplicas": state.min_scale,
        "maxReplicas": state.max_scale,
        "containers": [_container(state, settings)],
    }
    if state.concurrency is not None:
        predictor |= {"scaleTarget": state.concurrency, "scaleMetric": "concurrency"}
    if state.latest_percent is not None:
        predictor["canaryTrafficPercent"] = state.latest_percent
    if state.image_pull_secret:
        predictor["imagePullSecrets"] = [{"name": state.image_pull_secret}]
    return {
        "apiVersion": INFERENCE_SERVICE.api_version,
        "kind": INFERENCE_SERVICE.kind,
        "metadata": {
            "name": state.name,
            "namespace": state.namespace,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY, TENANT_LABEL: state.tenant},
            "annotations": annotations,
        },
        "spec": {"predictor": predictor},
    }


def _container(state: AppState, settings: Settings) -> Object:
    container = state.container
    # `$(NAME)` in a value means an earlier variable: the URL and the secrets come first.
    env: list[Object] = [{"name": _SERVICE_URL, "value": app_url(state.name, settings)}]
    env += [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}}
        for name, secret in container.secret_refs.items()
    ]
    env += [{"name": name, "value": value} for name, value in container.envs.items()]
    probe: Object = {}
    if container.readiness_path is not None:
        probe = {"readinessProbe": {"httpGet": {"path": container.readiness_path, "port": container.port}}}
    return {
        "name": CONTAINER,
        "image": container.image,
        "ports": [{"containerPort": container.port, "protocol": "TCP"}],
        "env": env,
        "resources": {
            "requests": {"cpu": container.resources.cpu_request, "memory": container.resources.memory_request},
            "limits": {"cpu": container.resources.cpu_limit, "memory": container.resources.memory_limit},
        },
        **probe,
    }


def state_of(service: Object) -> AppState:
    """What an InferenceService of ours says. Raises ApiError 409 `not_managed` when it has no container of ours."""
    metadata, predictor = service["metadata"], service.get("spec", {}).get("predictor", {})
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    containers = [one for one in predictor.get("containers") or [] if one.get("name") == CONTAINER]
    if not containers:
        raise ApiError(409, "not_managed", f"The app {metadata['name']} was changed by hand: it has no {CONTAINER}.")
    return AppState(
        name=metadata["name"],
        namespace=metadata["namespace"],
        tenant=labels.get(TENANT_LABEL, ""),
        container=container_state(containers[0]),
        min_scale=predictor.get("minReplicas", _KSERVE_MIN_REPLICAS),
        max_scale=predictor.get("maxReplicas", 0),
        concurrency=predictor.get("scaleTarget"),
        image_pull_secret=next((one.get("name") for one in predictor.get("imagePullSecrets") or []), None),
        custom_domain=custom_domain_of(service),
        idle_timeout_s=_seconds(annotations.get(_RETENTION)),
        latest_percent=predictor.get("canaryTrafficPercent"),
        stamp=stamp_of(service),
        deployed_by=annotations.get(_DEPLOYED_BY, ""),
    )


def container_state(container: Object) -> ContainerState:
    """What a container of an InferenceService or of a Revision runs, without the variable that we add."""
    envs: dict[str, str] = {}
    secret_refs: dict[str, str] = {}
    for entry in container.get("env") or []:
        secret = entry.get("valueFrom", {}).get("secretKeyRef")
        if secret:
            secret_refs[entry["name"]] = secret["name"]
        elif "valueFrom" not in entry and entry["name"] != _SERVICE_URL:
            envs[entry["name"]] = entry.get("value", "")
    requests = container.get("resources", {}).get("requests") or {}
    limits = container.get("resources", {}).get("limits") or {}
    defaults = Resources()
    return ContainerState(
        image=container.get("image", ""),
        port=next((port["containerPort"] for port in container.get("ports") or []), Deployment("", "").port),
        readiness_path=container.get("readinessProbe", {}).get("httpGet", {}).get("path"),
        envs=envs,
        secret_refs=secret_refs,
        resources=Resources(
            cpu_request=str(requests.get("cpu", defaults.cpu_request)),
            memory_request=str(requests.get("memory", defaults.memory_request)),
            cpu_limit=str(limits.get("cpu", defaults.cpu_limit)),
            memory_limit=str(limits.get("memory", defaults.memory_limit)),
        ),
    )


def custom_domain_of(service: Object) -> str | None:
    """The custom domain that an InferenceService names."""
    domain: str | None = (service["metadata"].get("annotations") or {}).get(_CUSTOM_DOMAIN)
    return domain


def stamp_of(thing: Object) -> str:
    """The stamp of an InferenceService, or of a revision: of two, the greater is the later."""
    return str((thing["metadata"].get("annotations") or {}).get(_STAMP, ""))


def _seconds(duration: str | None) -> int | None:
    match = _GO_DURATION.fullmatch(duration) if duration else None
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
