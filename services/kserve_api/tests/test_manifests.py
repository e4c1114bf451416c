"""deploy/kubernetes/kserve-api: the verbs that the code uses and no other; the service as KS-09 and KS-11 want it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kserve_api.apps.permissions import REQUIRED
from kserve_api.settings import Settings

KIT = Path(__file__).parents[3] / "deploy/kubernetes/kserve-api"
OVERLAYS = sorted(path.parent.name for path in KIT.glob("overlays/*/kustomization.yaml"))

# Scope, group, resource, name ("": every one), verb, and the setting without which it is not given.
Right = tuple[str, str, str, str, str, str]


def documents(name: str) -> list[dict[str, Any]]:
    return [dict(document) for document in yaml.safe_load_all((KIT / name).read_text())]


def rights(rule: dict[str, Any], scope: str, needed_if: str = "") -> Iterator[Right]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for name in rule.get("resourceNames", [""]):
                for verb in rule["verbs"]:
                    yield scope, group, resource, name, verb, needed_if


def given() -> Iterator[Right]:
    places = {"knative-serving": "knative"}
    for role in documents("base/rbac.yaml"):
        if role["kind"] == "Role":
            for rule in role["rules"]:
                yield from rights(rule, places[role["metadata"]["namespace"]])
    for rule in documents("tenant/rbac.yaml")[0]["rules"]:
        yield from rights(rule, "apps")
    for rule in documents("components/domain-claims/rbac.yaml")[0]["rules"]:
        yield from rights(rule, "cluster", "domain_claims")
    for rule in documents("components/domain-owners/rbac.yaml")[0]["rules"]:
        yield from rights(rule, "cluster")
    [patch] = documents("components/old-kserve/kustomization.yaml")[0]["patches"]
    for operation in yaml.safe_load(patch["patch"]):
        yield from rights(operation["value"], "apps", "patch_old_kserve")


def used() -> Iterator[Right]:
    for permission in REQUIRED:
        resource = permission.resource.plural + (f"/{permission.subresource}" if permission.subresource else "")
        for name in permission.names or ("",):
            for verb in permission.verbs:
                yield permission.scope, permission.resource.group, resource, name, verb, permission.needed_if


def test_the_roles_give_exactly_the_verbs_that_the_code_uses() -> None:
    """KS-09: a verb that is missing is a 403, one that is too much is a danger; both are told by name."""
    assert sorted(set(used()) - set(given())) == []
    assert sorted(set(given()) - set(used())) == []


def test_no_verb_is_given_twice() -> None:
    assert len(list(given())) == len(set(given()))


def test_logs_can_be_read() -> None:
    """Original: pods and pods/log were missing in its RBAC, so every request for logs got 403."""
    there = set(given())
    assert ("apps", "", "pods", "", "list", "") in there
    assert ("apps", "", "pods/log", "", "get", "") in there


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [program, "kustomize", str(KIT / "overlays" / overlay)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return tuple(yaml.safe_load_all(done.stdout))


def the(overlay: str, kind: str, api_version: str = "") -> dict[str, Any]:
    [found] = [body for body in rendered(overlay) if body["kind"] == kind and api_version in {"", body["apiVersion"]}]
    return found


def pods(overlay: str) -> dict[str, Any]:
    if overlay == "plain":
        return dict(the(overlay, "Deployment")["spec"]["template"])
    return dict(the(overlay, "Service", "serving.knative.dev/v1")["spec"]["template"])


def test_knative_keeps_one_pod_and_starts_five_at_most() -> None:
    """KS-09: Knative Service min 1 max 5; KS-11: container api."""
    annotations = pods("calvinruntime")["metadata"]["annotations"]
    assert annotations["autoscaling.knative.dev/min-scale"] == "1"
    assert annotations["autoscaling.knative.dev/max-scale"] == "5"


def test_the_plain_form_has_two_pods_of_which_one_may_go() -> None:
    """KS-09: Deployment alternative."""
    assert the("plain", "Deployment")["spec"]["replicas"] == 2
    assert the("plain", "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_container_is_small_and_can_do_no_harm(overlay: str) -> None:
    """KS-09: 100m/128Mi -> 500m/512Mi, non-root, read-only fs; KS-11: container api."""
    template = pods(overlay)
    [container] = template["spec"]["containers"]
    assert container["name"] == "api"
    assert container["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "512Mi"},
    }
    security = template["spec"].get("securityContext", {}) | container["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] >= 1000
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    paths = {probe: container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")}
    assert paths == {"livenessProbe": "/health", "readinessProbe": "/ready"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_rule_holds_in_the_whole_cluster_unless_claims_are_made(overlay: str) -> None:
    """KS-09: Role (not ClusterRole) per namespace. Original: a ClusterRole although one namespace is used."""
    wide = {body["metadata"]["name"] for body in rendered(overlay) if body["kind"] == "ClusterRole"}
    claims = settings(overlay).domain_claims == "create"
    assert wide == ({"kserve-api-domain-claims"} if claims else set())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_network_is_closed_but_for_the_gateway_names_and_the_api_server(overlay: str) -> None:
    """KS-09: NetworkPolicy."""
    spec = the(overlay, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["podSelector"]["matchLabels"] == {"serving.knative.dev/service": "kserve-api"}
    sources = {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in spec["ingress"]
        for peer in rule["from"]
    }
    assert sources == {"kourier-system", "knative-serving", "monitoring"}
    assert {port["port"] for rule in spec["egress"] for port in rule["ports"]} == {53, 443, 6443}


def test_the_notes_commands_find_the_pods_of_the_plain_form() -> None:
    """KS-11: kubectl logs -l serving.knative.dev/service=kserve-api -c api; Knative sets the label itself."""
    assert pods("plain")["metadata"]["labels"]["serving.knative.dev/service"] == "kserve-api"
    assert the("calvinruntime", "Service")["metadata"]["name"] == "kserve-api"


def settings(overlay: str) -> Settings:
    """The settings that the ConfigMap of an overlay gives, each of which the service knows."""
    data = the(overlay, "ConfigMap")["data"]
    known = {f"KSERVE_API_{name.upper()}": name for name in Settings.model_fields}
    assert set(data) <= set(known), set(data) - set(known)
    with pytest.MonkeyPatch.context() as environment:
        for name in known:
            environment.delenv(name, raising=False)
        for name, value in data.items():
            environment.setenv(name, value)
        return Settings()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_of_an_overlay_are_the_services_own(overlay: str) -> None:
    """KS-11: defaults, all settings."""
    read = settings(overlay)
    assert read.environment == "production"
    assert read.stream_s < pods("calvinruntime")["spec"]["timeoutSeconds"]
    [container] = pods(overlay)["spec"]["containers"]
    [port] = container["ports"]
    assert read.port == port["containerPort"]
    [mount] = [mount for mount in container["volumeMounts"] if mount["name"] == "tenants"]
    assert read.tenants_file is not None
    assert read.tenants_file.parent == Path(mount["mountPath"])
    assert read.default_namespace in {
        body["metadata"]["namespace"] for body in rendered(overlay) if body["kind"] == "ResourceQuota"
    }


@pytest.mark.parametrize("overlay", ["calvinruntime", "plain"])
def test_the_defaults_are_those_of_the_notes(overlay: str) -> None:
    """KS-11: calvinruntime.net, host kserve-api., registry.digitalocean.com/calvin-apps/."""
    read, defaults = settings(overlay), Settings()
    assert read.base_domain == defaults.base_domain == "calvinruntime.net"
    assert read.image_prefixes == defaults.image_prefixes == ("registry.digitalocean.com/calvin-apps/",)
    [container] = pods(overlay)["spec"]["containers"]
    assert re.fullmatch(
        r"registry\.digitalocean\.com/calvin-apps/kserve-api(:[0-9.]+|@sha256:[0-9a-f]{64})", container["image"]
    )
    mapping = the(overlay, "DomainMapping")
    assert mapping["metadata"]["name"] == "kserve-api.calvinruntime.net"
    assert mapping["spec"]["ref"]["name"] == "kserve-api"


def test_everything_of_the_notes_can_differ_in_an_overlay() -> None:
    """KS-11: base domain, host, image, namespaces by overlay."""
    read = settings("own-domain")
    host = the("own-domain", "DomainMapping")["metadata"]["name"]
    assert host == f"{read.reserved_names[0]}.{read.base_domain}" == "deploy.apps.example.com"
    [container] = pods("own-domain")["spec"]["containers"]
    assert container["image"].startswith(read.image_prefixes)
    assert "calvin" not in yaml.safe_dump_all(rendered("own-domain"))
    hard = the("own-domain", "ResourceQuota")["spec"]["hard"]
    assert hard["count/inferenceservices.serving.kserve.io"] == "5"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_overlay_applies_a_secret(overlay: str) -> None:
    """The template is empty: applied, it would take the tenants away."""
    assert [body for body in rendered(overlay) if body["kind"] == "Secret"] == []
    [template] = documents("base/secret.yaml")
    assert set(template["stringData"].values()) == {""}


def test_changed_settings_make_a_new_revision() -> None:
    """The ConfigMap's name ends in a digest of its content, and the template of the pods names it."""
    for overlay in OVERLAYS:
        [container] = pods(overlay)["spec"]["containers"]
        assert container["envFrom"] == [{"configMapRef": {"name": the(overlay, "ConfigMap")["metadata"]["name"]}}]
    assert the("calvinruntime", "ConfigMap")["metadata"]["name"] != the("own-domain", "ConfigMap")["metadata"]["name"]
