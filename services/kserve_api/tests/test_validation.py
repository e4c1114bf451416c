"""What may be deployed, and that every mistake is named by its field."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.apps.app import Deployment, Resources
from kserve_api.apps.validation import SIZES, check_app_name, check_deployment, check_namespace
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

SETTINGS = Settings()
GOOD = Deployment(name="shop", image="registry.digitalocean.com/calvin-apps/shop:1.0", namespace="team-a")


def _fields(deployment: Deployment) -> list[str]:
    """Fields that are refused."""
    try:
        check_deployment(deployment, SETTINGS)
    except ApiError as error:
        refusal = error
    else:
        return []
    assert (refusal.status, refusal.code) == (422, "invalid_request")
    errors = refusal.details["errors"]
    assert isinstance(errors, list)
    assert all(entry["message"] in refusal.message for entry in errors)
    return [entry["field"] for entry in errors]


def test_the_defaults_of_the_notes_are_valid() -> None:
    """KS-01: defaults."""
    assert _fields(GOOD) == []
    assert (GOOD.min_scale, GOOD.max_scale, GOOD.port) == (0, 10, 8080)
    assert GOOD.resources == Resources("100m", "128Mi", "1", "512Mi")


def test_sizes_are_those_of_the_notes_and_valid() -> None:
    """KS-01: sizes."""
    limits = {size: (resources.cpu_limit, resources.memory_limit) for size, resources in SIZES.items()}
    assert limits == {"sm": ("500m", "512Mi"), "md": ("1", "1Gi"), "lg": ("1", "2Gi"), "xl": ("2", "4Gi")}
    assert [_fields(replace(GOOD, resources=resources)) for resources in SIZES.values()] == [[]] * 4


def _by_hand(name: str) -> bool:
    """The rule again, character by character."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    inner = letters + "0123456789-"
    return bool(name) and name[0] in letters and all(one in inner for one in name) and name[-1] != "-"


@settings(deadline=None)
@given(st.text(st.sampled_from("abz09-_.A \n"), max_size=52))
def test_a_name_is_a_dns_label_that_leaves_room_for_predictor(name: str) -> None:
    """KS-01: name."""
    try:
        check_app_name(name, "team-a")
        accepted = True
    except ApiError:
        accepted = False
    assert accepted == (_by_hand(name) and len(f"prev-{name}-predictor") <= 63 and len(f"{name}-team-a") <= 63)


@pytest.mark.parametrize(("namespace", "longest"), [("a", 48), ("n" * 14, 48), ("n" * 15, 47), ("n" * 62, 0)])
def test_the_longest_name_depends_on_the_namespace(namespace: str, longest: int) -> None:
    """KS-01: name. KServe's own host is {name}-{namespace}, one label."""
    if longest:
        check_app_name("a" * longest, namespace)
    with pytest.raises(ApiError, match="name is longer"):
        check_app_name("a" * (longest + 1), namespace)


@pytest.mark.parametrize("name", ["shop-predictor", "shop-predictor-00001", "shop-predictor-00001-private"])
def test_names_of_another_apps_parts_are_refused(name: str) -> None:
    """KS-01: name."""
    assert _fields(replace(GOOD, name=name)) == ["name"]
    assert _fields(replace(GOOD, name="shop-predictors")) == []


@pytest.mark.parametrize("namespace", ["", "Team", "a/b", "..", "a.b", "-a", "a-", "a" * 64, "a\n", "a?x=1"])
def test_a_namespace_that_could_change_the_path_is_refused(namespace: str) -> None:
    """KS-01: namespace."""
    with pytest.raises(ApiError, match="namespace is not"):
        check_namespace(namespace)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "kserve-api"}, "name"),
        ({"image": "docker.io/library/nginx"}, "image"),
        ({"image": "registry.digitalocean.com/calvin-apps/../x"}, "image"),
        ({"envs": {"PORT": "1"}}, "envs"),
        ({"envs": {"K_REVISION": "1"}}, "envs"),
        ({"secret_envs": {"SERVICE_URL": "1"}}, "secret_envs"),
        ({"envs": {"1A": "1"}}, "envs"),
        ({"envs": {"A-B": "1"}}, "envs"),
        ({"envs": {"A\n": "1"}}, "envs"),
        ({"envs": {"A": "\0"}}, "envs"),
        ({"envs": {"A": "\ud800"}}, "envs"),
        ({"envs": {"A": "x" * 40_000}}, "envs"),
        ({"envs": {f"A{number}": "x" * 30_000 for number in range(9)}}, "envs"),
        ({"envs": {f"A{number}": "" for number in range(201)}}, "envs"),
        ({"envs": {"A": "1"}, "secret_envs": {"A": "2"}}, "envs"),
        ({"min_scale": -1}, "min_scale"),
        ({"min_scale": 3, "max_scale": 2, "given": frozenset({"min_scale", "max_scale"})}, "min_scale"),
        ({"max_scale": 0}, "max_scale"),
        ({"max_scale": 101}, "max_scale"),
        ({"concurrency": 0}, "concurrency"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"port": 8012}, "port"),
        ({"port": 9090}, "port"),
        ({"readiness_path": "readyz"}, "readiness_path"),
        ({"readiness_path": "/ready?full=1"}, "readiness_path"),
        ({"readiness_path": "/ready\n"}, "readiness_path"),
        ({"idle_timeout_s": -1}, "idle_timeout"),
        ({"idle_timeout_s": 3601}, "idle_timeout"),
        ({"image_pull_secret": "a/b"}, "image_pull_secret"),
        ({"custom_domain": "shop"}, "custom_domain"),
        ({"custom_domain": "Shop.example.com"}, "custom_domain"),
        ({"custom_domain": "shop.example.com."}, "custom_domain"),
        ({"custom_domain": "*.example.com"}, "custom_domain"),
        ({"custom_domain": "shöp.example.com"}, "custom_domain"),
        ({"custom_domain": "192.0.2.1"}, "custom_domain"),
        ({"custom_domain": "x.svc.cluster.local"}, "custom_domain"),
        ({"custom_domain": "calvinruntime.net"}, "custom_domain"),
        ({"custom_domain": "other.calvinruntime.net"}, "custom_domain"),
        ({"custom_domain": "a" * 64 + ".example.com"}, "custom_domain"),
        ({"custom_domain": ".".join(["abcdefghi"] * 26)}, "custom_domain"),
        ({"resources": Resources(cpu_request="2", cpu_limit="1")}, "resources.cpu_request"),
        ({"resources": Resources(memory_request="1Gi", memory_limit="1023Mi")}, "resources.memory_request"),
        ({"resources": Resources(cpu_limit="64")}, "resources.cpu_limit"),
        ({"resources": Resources(cpu_limit="1.0001")}, "resources.cpu_limit"),
        ({"resources": Resources(memory_limit="512")}, "resources.memory_limit"),
        ({"resources": Resources(memory_limit="512MB")}, "resources.memory_limit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_named_by_its_field(change: dict[str, Any], field: str) -> None:
    """KS-01: validated."""
    assert field in _fields(replace(GOOD, **change))


@pytest.mark.parametrize(
    "domain", ["www.example.com", "xn--shp-sna.example.com", "calvinruntime.net.example.com", "a.io"]
)
def test_full_domain_names_are_accepted(domain: str) -> None:
    """KS-01: custom domain."""
    assert _fields(replace(GOOD, custom_domain=domain)) == []


def test_all_mistakes_are_told_at_once_and_no_value_of_a_variable() -> None:
    """KS-01: validated."""
    value = "x" * 40_000
    bad = replace(GOOD, name="-", port=0, secret_envs={"A": value}, envs={"B": "\0hidden"})
    assert sorted(_fields(bad)) == ["envs", "name", "port", "secret_envs"]
    with pytest.raises(ApiError) as caught:
        check_deployment(bad, SETTINGS)
    assert "hidden" not in str(caught.value.details) + caught.value.message
    assert value not in str(caught.value.details) + caught.value.message


@settings(deadline=None)
@given(st.text(max_size=12))
def test_a_variable_has_a_posix_name(name: str) -> None:
    """KS-01: env names."""
    accepted = _fields(replace(GOOD, envs={name: ""})) == []
    reserved = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION", "SERVICE_URL"}
    assert accepted == bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII) and name not in reserved)
