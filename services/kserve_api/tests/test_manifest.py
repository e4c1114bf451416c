"""The InferenceService of an app, and what is read back from it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.apps.app import Deployment, Resources
from kserve_api.apps.field_ownership import covers
from kserve_api.apps.manifest import AppState, ContainerState, merged, state_of, to_manifest
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

SETTINGS = Settings()
_IMAGE = "registry.digitalocean.com/calvin-apps/shop:1"
_NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True)
_VALUES = st.text(max_size=12)


def _deployment(**fields: object) -> Deployment:
    given = frozenset(fields) | {"name", "image"}
    arguments: dict[str, Any] = {"name": "shop", "image": _IMAGE, "namespace": "team-a", **fields}
    return Deployment(**arguments, given=given)


def _new(**fields: object) -> AppState:
    return merged(None, _deployment(**fields), tenant="acme", secret_refs={})


@st.composite
def _states(draw: st.DrawFn) -> AppState:
    names = draw(st.lists(_NAMES, unique=True, max_size=6))
    split = draw(st.integers(0, len(names)))
    return AppState(
        name="shop",
        namespace="team-a",
        tenant="acme",
        container=ContainerState(
            image=_IMAGE,
            port=draw(st.integers(1, 65535)),
            readiness_path=draw(st.none() | st.just("/readyz")),
            envs={name: draw(_VALUES) for name in names[:split]},
            secret_refs=dict.fromkeys(names[split:], "shop-env-1"),
            resources=Resources(*draw(st.tuples(*[st.sampled_from(["1", "250m", "64Mi"])] * 4))),
        ),
        min_scale=draw(st.integers(0, 100)),
        max_scale=draw(st.integers(1, 100)),
        concurrency=draw(st.none() | st.integers(1, 1000)),
        image_pull_secret=draw(st.none() | st.just("pull")),
        custom_domain=draw(st.none() | st.just("www.example.com")),
        idle_timeout_s=draw(st.none() | st.integers(0, 3600)),
        latest_percent=draw(st.none() | st.integers(0, 99)),
        stamp=draw(st.sampled_from(["", "2026-11-27T08:00:00.000001+00:00"])),
        deployed_by="someone",
    )


@settings(deadline=None)
@given(_states())
def test_what_is_written_is_read_back(state: AppState) -> None:
    """KS-02: InferenceService."""
    manifest = to_manifest(state, SETTINGS)
    assert state_of(json.loads(json.dumps(manifest))) == state


@settings(deadline=None)
@given(_states(), st.sampled_from(["registry.digitalocean.com/calvin-apps/shop:2"]))
def test_a_deployment_that_gives_only_the_image_changes_nothing_else(state: AppState, image: str) -> None:
    """Limits: a re-deploy that changes only the image loses no other field."""
    after = to_manifest(merged(state, _deployment(image=image), tenant="acme", secret_refs={}), SETTINGS)
    before = to_manifest(state, SETTINGS)
    before["spec"]["predictor"]["containers"][0]["image"] = image
    assert after == before


@settings(deadline=None)
@given(_states())
def test_a_deployment_of_what_is_there_is_no_change(state: AppState) -> None:
    """KS-02: nothing is written where nothing changes."""
    assert merged(state, _deployment(), tenant="acme", secret_refs={}) == state


def test_the_same_amounts_written_otherwise_are_no_change() -> None:
    """KS-02: KServe's webhook writes quantities in its own way, `0.5` as `500m`; no new revision comes of that."""
    written = {"cpu_request": "100m", "memory_request": "1Gi", "cpu_limit": "500m", "memory_limit": "1536Mi"}
    asked = {"cpu_request": "0.1", "memory_request": "1024Mi", "cpu_limit": "0.5", "memory_limit": "1.5Gi"}
    present = _new(resources=Resources(**written))
    again = merged(present, _deployment(resources=Resources(**asked)), tenant="acme", secret_refs={})
    assert again == present
    more = merged(
        present, _deployment(resources=Resources(**{**asked, "cpu_limit": "1"})), tenant="acme", secret_refs={}
    )
    assert more.container.resources.cpu_limit == "1"


def test_the_limits_of_the_notes_are_on_the_object() -> None:
    """Limits: 0-10 pods, 100m/128Mi to 1 CPU/512Mi, port 8080."""
    predictor = to_manifest(_new(), SETTINGS)["spec"]["predictor"]
    (container,) = predictor["containers"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (0, 10)
    assert container["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "1", "memory": "512Mi"},
    }
    assert container["ports"] == [{"containerPort": 8080, "protocol": "TCP"}]
    assert container["name"] == "kserve-container"


def test_scale_is_set_by_typed_fields_and_by_no_annotation() -> None:
    """Original: strips annotations min-scale and max-scale, so these would have no effect."""
    manifest = to_manifest(_new(min_scale=0, max_scale=3, concurrency=250, idle_timeout_s=90), SETTINGS)
    annotations = manifest["metadata"]["annotations"]
    assert not [key for key in annotations if key.endswith(("min-scale", "max-scale", "minScale", "maxScale"))]
    predictor = manifest["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["scaleTarget"], predictor["scaleMetric"]) == (0, 250, "concurrency")
    assert annotations["autoscaling.knative.dev/scale-to-zero-pod-retention-period"] == "90s"
    assert annotations["serving.kserve.io/deploymentMode"] == "Knative"


def test_the_container_has_no_field_port() -> None:
    """Original: container `port` is no field; strict validation rejects it."""
    (container,) = to_manifest(_new(), SETTINGS)["spec"]["predictor"]["containers"]
    assert "port" not in container


def test_a_readiness_path_is_probed_at_the_apps_port() -> None:
    """Trouble app-wont-start: an app that loads something first gets requests only when it says that it is ready."""
    (container,) = to_manifest(_new(port=9000, readiness_path="/readyz"), SETTINGS)["spec"]["predictor"]["containers"]
    assert container["readinessProbe"] == {"httpGet": {"path": "/readyz", "port": 9000}}


def test_the_apps_own_url_is_always_in_its_environment() -> None:
    """Long work vs scale-to-zero: SERVICE_URL is kept, and stands before the variables that may use it."""
    state = merged(None, _deployment(envs={"BACK": "$(SERVICE_URL)/back"}), tenant="acme", secret_refs={"KEY": "s"})
    (container,) = to_manifest(state, SETTINGS)["spec"]["predictor"]["containers"]
    assert [entry["name"] for entry in container["env"]] == ["SERVICE_URL", "KEY", "BACK"]
    assert container["env"][0]["value"] == "https://shop.calvinruntime.net"
    assert container["env"][1]["valueFrom"] == {"secretKeyRef": {"name": "s", "key": "KEY"}}


def test_a_variable_moves_between_plain_and_secret() -> None:
    """KS-02: secret envs."""
    plain = _new(envs={"A": "1", "B": "2"})
    secret = merged(plain, _deployment(secret_envs={"A": "x"}), tenant="acme", secret_refs={"A": "shop-env-1"})
    assert (secret.container.envs, secret.container.secret_refs) == ({"B": "2"}, {"A": "shop-env-1"})
    back = merged(secret, _deployment(envs={"A": "1"}), tenant="acme", secret_refs={})
    assert (back.container.envs, back.container.secret_refs) == ({"A": "1"}, {})


def test_given_nothing_removes_an_option() -> None:
    """KS-02: fields that are given as nothing are removed."""
    state = _new(custom_domain="www.example.com", concurrency=5, idle_timeout_s=60, image_pull_secret="pull")
    cleared = _deployment(custom_domain=None, concurrency=None, idle_timeout_s=None, image_pull_secret=None)
    manifest = to_manifest(merged(state, cleared, tenant="acme", secret_refs={}), SETTINGS)
    assert manifest == to_manifest(_new(), SETTINGS)


def test_missing_min_replicas_is_read_as_kserve_does() -> None:
    """KS-03: no minReplicas means 1."""
    manifest = to_manifest(_new(), SETTINGS)
    del manifest["spec"]["predictor"]["minReplicas"]
    assert state_of(manifest).min_scale == 1
    assert not covers(manifest, to_manifest(state_of(manifest), SETTINGS))


def test_an_app_whose_container_was_renamed_by_hand_is_not_touched() -> None:
    """KS-02: not managed."""
    manifest = to_manifest(_new(), SETTINGS)
    manifest["spec"]["predictor"]["containers"][0]["name"] = "other"
    with pytest.raises(ApiError) as caught:
        state_of(manifest)
    assert (caught.value.status, caught.value.code) == (409, "not_managed")


@settings(deadline=None)
@given(_states(), st.data())
def test_a_field_that_was_changed_by_hand_is_noticed(state: AppState, data: st.DataObject) -> None:
    """KS-02: what differs is written again; what the cluster added is left."""
    wanted = to_manifest(state, SETTINGS)
    present = copy.deepcopy(wanted)
    present["metadata"]["uid"] = "1"
    present["spec"]["predictor"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    present["status"] = {}
    assert covers(present, wanted)
    container = present["spec"]["predictor"]["containers"][0]
    change = data.draw(st.sampled_from(["label", "mode", "env", "resources", "image"]))
    match change:
        case "label":
            present["metadata"]["labels"].pop("kserve-api/tenant")
        case "mode":
            present["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] = "Standard"
        case "env":
            container["env"].append({"name": "BY_HAND", "value": "1"})
        case "resources":
            container["resources"]["limits"]["cpu"] = "77"
        case "image":
            container["image"] = "other"
    assert not covers(present, wanted)
