"""What an object names is there: Secrets, ConfigMaps, accounts, claims, Services and their pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import KNATIVE, KSERVE, containers_of, pod_template

__all__ = ["RULES"]


def secrets_and_config_maps_exist(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Every Secret and ConfigMap that pods name is there, with the key, unless it is said to be optional."""
    for kind, reference in _references(manifest):
        name = str(reference.get("name", reference.get("secretName", "")))
        if reference.get("optional"):
            continue
        if not kit.has(kind, "", name, manifest.namespace):
            yield f"there is no {kind} {name} beside it: add it (a Secret as a template without values)"
            continue
        found = kit.find(kind, "", name, manifest.namespace)
        keys = (
            {key for part in ("data", "stringData", "binaryData") for key in (found.body.get(part) or {})}
            if found
            else None
        )
        wanted = (
            [reference["key"]] if "key" in reference else [item.get("key") for item in mappings(reference.get("items"))]
        )
        for key in wanted:
            if keys is not None and key not in keys:
                yield f"{kind} {name} has no key {key}: see its data"


def _references(manifest: Manifest) -> Iterator[tuple[str, Body]]:
    template = pod_template(manifest)
    if template is None:
        return
    for volume in mappings(template.spec.get("volumes")):
        sources = [volume, *mappings(field(volume, "projected", "sources"))]
        for source in sources:
            for key, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                if isinstance(source.get(key), Mapping):
                    yield kind, source[key]
    for secret in mappings(template.spec.get("imagePullSecrets")):
        yield "Secret", secret
    for container in containers_of(manifest):
        sources = mappings(container.body.get("envFrom"))
        sources += [field(variable, "valueFrom") or {} for variable in mappings(container.body.get("env"))]
        for source in sources:
            for key, kind in (
                ("secretRef", "Secret"),
                ("secretKeyRef", "Secret"),
                ("configMapRef", "ConfigMap"),
                ("configMapKeyRef", "ConfigMap"),
            ):
                if isinstance(source.get(key), Mapping):
                    yield kind, source[key]


def service_account_exists(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Pods run as an account that is there."""
    template = pod_template(manifest)
    name = template.spec.get("serviceAccountName") if template else None
    if isinstance(name, str) and name != "default" and not kit.has("ServiceAccount", "", name, manifest.namespace):
        yield f"there is no ServiceAccount {name} beside it: add it"


def claims_exist(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A claimed volume has its claim."""
    template = pod_template(manifest)
    for volume in mappings(template.spec.get("volumes")) if template else ():
        name = field(volume, "persistentVolumeClaim", "claimName")
        if isinstance(name, str) and not kit.has("PersistentVolumeClaim", "", name, manifest.namespace):
            yield f"there is no PersistentVolumeClaim {name} beside it: add it"


def selector_takes_own_pods(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A Deployment selects the pods of its own template; the API server refuses it otherwise."""
    template = pod_template(manifest)
    if template is None or manifest.group != "apps":
        return
    wanted = field(manifest.body, "spec", "selector", "matchLabels")
    if not wanted:
        yield "spec.selector.matchLabels is empty: name labels of the template"
    elif not template.selected_by(wanted):
        yield "spec.selector does not match the labels of its own template: make them equal"
    for spread in mappings(template.spec.get("topologySpreadConstraints")):
        if not template.selected_by(field(spread, "labelSelector", "matchLabels") or {"": ""}):
            yield "topologySpreadConstraints counts other pods than its own: match the template's labels"


def service_reaches_pods(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A Service's selector matches pods, and they declare the port it sends to."""
    selector = field(manifest.body, "spec", "selector")
    if not manifest.is_a("Service") or not selector:
        return
    reached = [workload for workload, template in kit.pods(manifest.namespace) if template.selected_by(selector)]
    if not reached:
        yield "its selector matches no pods beside it: use labels of a template"
        return
    declared = [port for workload in reached for container in containers_of(workload) for port in container.ports]
    for port in mappings(field(manifest.body, "spec", "ports")):
        target = port.get("targetPort", port.get("port"))
        if not any(target in (known.get("name"), known.get("containerPort")) for known in declared):
            yield f"targetPort {target} is no port that its pods declare: see their containers"


def domain_mapping_has_its_target(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The target is a Service, Knative's or Kubernetes' own, in the same namespace; KServe makes {app}-predictor."""
    if not manifest.is_a("DomainMapping", KNATIVE):
        return
    version, kind, name = (
        str(field(manifest.body, "spec", "ref", key) or "") for key in ("apiVersion", "kind", "name")
    )
    if not version:
        yield "spec.ref has no apiVersion, which Knative's admission refuses: write serving.knative.dev/v1"
        return
    group = version.rpartition("/")[0]
    made = group == KNATIVE and kit.has("InferenceService", KSERVE, name.removesuffix("-predictor"), manifest.namespace)
    if not (made and name.endswith("-predictor")) and not kit.has(kind, group, name, manifest.namespace):
        yield f"there is no {kind} {name} of {version} beside it: see spec.ref"
    elsewhere = field(manifest.body, "spec", "ref", "namespace")
    if elsewhere is not None and elsewhere != manifest.namespace:
        yield f"spec.ref.namespace is {elsewhere}: Knative maps only to its own namespace"


def stateful_set_has_its_headless_service(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """A StatefulSet's pods get their names from a Service without an address of its own."""
    if not manifest.is_a("StatefulSet", "apps"):
        return
    name = str(field(manifest.body, "spec", "serviceName") or "")
    service = kit.find("Service", "", name, manifest.namespace)
    if service is None:
        yield f"there is no Service {name or 'in spec.serviceName'} beside it: add it, with clusterIP: None"
    elif field(service.body, "spec", "clusterIP") != "None":
        yield f"its Service {name} has an address of its own: set clusterIP: None"


def ingress_has_its_services(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """An Ingress sends to Services that are there."""
    if not manifest.is_a("Ingress", "networking.k8s.io"):
        return
    backends = [field(manifest.body, "spec", "defaultBackend")]
    for rule in mappings(field(manifest.body, "spec", "rules")):
        backends += [path.get("backend") for path in mappings(field(rule, "http", "paths"))]
    for backend in backends:
        name = field(backend, "service", "name")
        if isinstance(name, str) and not kit.has("Service", "", name, manifest.namespace):
            yield f"there is no Service {name} beside it: see its backends"


RULES: tuple[Rule, ...] = (
    secrets_and_config_maps_exist,
    service_account_exists,
    claims_exist,
    selector_takes_own_pods,
    service_reaches_pods,
    domain_mapping_has_its_target,
    stateful_set_has_its_headless_service,
    ingress_has_its_services,
)
