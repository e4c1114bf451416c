"""Settings of Knative and KServe that decide whether apps scale to zero and get their domains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kserve_api.cluster.resources import CONFIG_MAP
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, warn
from kserve_api.operations.doctor.surroundings import Surroundings

__all__ = ["config_map_checks"]

_KSERVE_CONFIG = "inferenceservice-config"
_KOURIER = "kourier.ingress.networking.knative.dev"
_SHORT_TEMPLATE = "{{.Name}}.{{.Domain}}"
_KNATIVE_MODES = ("Knative", "Serverless")  # Two spellings of one mode; KServe 0.16 has brought the first.


def config_map_checks(around: Surroundings) -> Sequence[Check]:
    """Return the checks of ConfigMaps."""
    knative, kserve = around.settings.knative_namespace, around.settings.kserve_namespace
    autoscaler, network = _show(knative, "config-autoscaler"), _show(knative, "config-network")
    return (
        Check("deployment mode", lambda: _deployment_mode(around), _show(kserve, _KSERVE_CONFIG)),
        Check("ingress", lambda: _ingress(around), _show(kserve, _KSERVE_CONFIG)),
        Check("ingress class", lambda: _ingress_class(around), network),
        Check("scale to zero", lambda: _scale_to_zero(around), autoscaler),
        Check("initial scale", lambda: _initial_scale(around), autoscaler),
        Check("domain claims", lambda: _domain_claims(around), network),
        Check("knative domain", lambda: _knative_domain(around), _show(knative, "config-domain")),
    )


async def _deployment_mode(around: Surroundings) -> Sequence[Finding]:
    deploy = await _kserve(around, "deploy")
    if deploy is None:
        return [_not_json(around, "deploy")]
    default = deploy.get("defaultDeploymentMode", "not set")
    if default in _KNATIVE_MODES:
        return [ok(f"KServe's default is {default}; apps are marked {around.settings.deployment_mode}")]
    wanted = json.dumps({**deploy, "defaultDeploymentMode": around.settings.deployment_mode})
    return [
        warn(
            f"KServe's default is {default}: apps of this service are marked {around.settings.deployment_mode}, but an "
            "InferenceService made by hand is not, and cannot scale to zero",
            "set defaultDeploymentMode",
            _patch(around.settings.kserve_namespace, _KSERVE_CONFIG, "deploy", wanted),
        )
    ]


async def _ingress(around: Surroundings) -> Sequence[Finding]:
    ingress = await _kserve(around, "ingress")
    if ingress is None:
        return [_not_json(around, "ingress")]
    if ingress.get("disableIstioVirtualHost") is True:
        return [ok("KServe makes no Istio VirtualService")]
    wanted = json.dumps({**ingress, "disableIstioVirtualHost": True})
    return [
        fail(
            "disableIstioVirtualHost is not true: without Istio, KServe's IngressReady never becomes True",
            "set it; then restart KServe's controller",
            _patch(around.settings.kserve_namespace, _KSERVE_CONFIG, "ingress", wanted),
        )
    ]


async def _ingress_class(around: Surroundings) -> Sequence[Finding]:
    found = await _knative(around, "config-network")
    # The second is the key's older name; without either Knative takes Istio.
    given = found.get("ingress-class") or found.get("ingress.class") or "istio.ingress.networking.knative.dev"
    if given == _KOURIER:
        return [ok("Knative's routes are Kourier's")]
    return [
        fail(
            f"Knative's ingress-class is {given}: Kourier does not know of any route",
            "set it to Kourier's",
            _patch(around.settings.knative_namespace, "config-network", "ingress-class", _KOURIER),
        )
    ]


async def _scale_to_zero(around: Surroundings) -> Sequence[Finding]:
    if (await _knative(around, "config-autoscaler")).get("enable-scale-to-zero", "true").lower() != "false":
        return [ok("Knative lets apps scale to zero")]
    return [
        fail(
            "enable-scale-to-zero is false: no app ever goes to zero pods",
            "set it to true",
            _patch(around.settings.knative_namespace, "config-autoscaler", "enable-scale-to-zero", "true"),
        )
    ]


async def _initial_scale(around: Surroundings) -> Sequence[Finding]:
    found = await _knative(around, "config-autoscaler")
    allowed = found.get("allow-zero-initial-scale", "false").lower() == "true"
    if allowed and found.get("initial-scale", "1") == "0":
        return [
            warn(
                "initial-scale is 0: a new revision counts as ready, and gets the traffic, before its image has run",
                "set it to 1: one pod then shows whether the revision starts, and goes when it is idle",
                _patch(around.settings.knative_namespace, "config-autoscaler", "initial-scale", "1"),
            )
        ]
    more = "" if allowed else "; allow-zero-initial-scale is not true, so an app cannot ask for none"
    return [ok(f"each new revision starts a pod, which shows whether it starts, and goes when it is idle{more}")]


async def _domain_claims(around: Surroundings) -> Sequence[Finding]:
    key = "autocreate-cluster-domain-claims"
    automatic = (await _knative(around, "config-network")).get(key, "false").lower() == "true"
    if around.settings.domain_claims == "create":
        return [ok("this service makes the ClusterDomainClaims")]
    if automatic:
        return [ok("Knative makes the ClusterDomainClaims")]
    return [
        fail(
            f"{key} is not true, and KSERVE_API_DOMAIN_CLAIMS is auto: no app's domain becomes ready",
            "set it, or KSERVE_API_DOMAIN_CLAIMS=create with the component domain-claims of the manifests",
            _patch(around.settings.knative_namespace, "config-network", key, "true"),
        )
    ]


async def _knative_domain(around: Surroundings) -> Sequence[Finding]:
    base, namespace = around.settings.base_domain, around.settings.knative_namespace
    domains = [name for name in await _knative(around, "config-domain") if not name.startswith("_")]
    if base not in domains:
        return [ok(f"Knative's own routes are under {', '.join(domains) or 'its default domain'}, not {base}")]
    template = (await _knative(around, "config-network")).get("domain-template", "")
    if "".join(template.split()) == _SHORT_TEMPLATE:
        return [
            fail(
                f"Knative gives its own routes names {template} under {base}: they take the names of DomainMappings",
                "give Knative a domain of its own, such as one for the inside of the cluster",
                f"kubectl edit configmap config-domain -n {namespace}",
            )
        ]
    return [
        warn(
            f"Knative's own routes are under {base} too, kept apart only by its domain-template",
            "give Knative a domain of its own",
            f"kubectl edit configmap config-domain -n {namespace}",
        )
    ]


async def _knative(around: Surroundings, name: str) -> Mapping[str, str]:
    found = await around.cluster.get(CONFIG_MAP, name, around.settings.knative_namespace)
    return found.get("data") or {}


async def _kserve(around: Surroundings, section: str) -> Mapping[str, Any] | None:
    """A section of KServe's settings, itself JSON; None when it is not."""
    found = await around.cluster.get(CONFIG_MAP, _KSERVE_CONFIG, around.settings.kserve_namespace)
    try:
        parsed = json.loads((found.get("data") or {}).get(section, "{}"))
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _not_json(around: Surroundings, section: str) -> Finding:
    return fail(
        f"{section} in {_KSERVE_CONFIG} is no JSON object: KServe cannot read it either",
        "write it anew",
        f"kubectl edit configmap {_KSERVE_CONFIG} -n {around.settings.kserve_namespace}",
    )


def _show(namespace: str, name: str) -> str:
    return f"kubectl get configmap {name} -n {namespace} -o yaml"


def _patch(namespace: str, name: str, key: str, value: str) -> str:
    patch = json.dumps({"data": {key: value}})
    return f"kubectl patch configmap {name} -n {namespace} --type merge -p '{patch}'"
