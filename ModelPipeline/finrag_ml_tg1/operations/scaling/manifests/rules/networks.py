"""NetworkPolicies: for pods that are there, and not open to everybody by an omission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import PodTemplate, containers_of, pod_template

__all__ = ["RULES"]

_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
# Without these, everywhere is the public internet: buckets and models have no addresses that stay.
_PRIVATE = frozenset({"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"})


def policy_selects_pods(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The selector matches pods of the kit; an empty one is for all of the namespace."""
    wanted = field(manifest.body, "spec", "podSelector")
    if not _is_policy(manifest) or not wanted:
        return
    if not any(template.taken_by(wanted) for _, template in kit.pods(manifest.namespace)):
        yield "its podSelector matches no pods beside it: use labels of a template"


def policy_says_both_directions(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A direction that is not in policyTypes stays open."""
    if _is_policy(manifest):
        said = field(manifest.body, "spec", "policyTypes") or []
        for direction in ("Ingress", "Egress"):
            if direction not in said:
                yield f"policyTypes does not name {direction}, so it stays open: name it"


def policy_names_peers_and_ports(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A rule without peers or ports, or with an empty selector of namespaces, is open to everybody."""
    if not _is_policy(manifest):
        return
    for direction, side in (("ingress", "from"), ("egress", "to")):
        for rule in mappings(field(manifest.body, "spec", direction)):
            peers = mappings(rule.get(side))
            if not peers:
                yield f"an {direction} rule has no {side}, which is everybody: name the peers"
            if not rule.get("ports"):
                yield f"an {direction} rule has no ports, which is every port: name them"
            for peer in peers:
                if field(peer, "ipBlock", "cidr") in _ANYWHERE and not _is_public_egress(side, peer):
                    yield f"an {direction} rule has {peer['ipBlock']['cidr']}, which is everybody: narrow it"
                if peer.get("namespaceSelector") == {} and not peer.get("podSelector"):
                    yield f"an {direction} rule has an empty namespaceSelector, which is every pod: name a namespace"


def pods_are_in_a_policy(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Where there are policies, pods that none is for are open to everybody."""
    template = pod_template(manifest)
    policies = [policy for policy in kit.manifests if _is_policy(policy) and policy.namespace == manifest.namespace]
    if template is None or not policies or manifest.group not in {"apps", "batch"}:
        return
    if not any(template.taken_by(field(policy.body, "spec", "podSelector")) for policy in policies):
        yield "no NetworkPolicy beside it is for its pods, so they are open to everybody: add one"


def peers_are_there_and_listen(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """Pods that a rule names are in the kit; what is let out to them, they declare and let in."""
    if not _is_policy(manifest):
        return
    own = [template for _, template in kit.pods(manifest.namespace) if _is_for(manifest, template)]
    for side, direction in (("from", "ingress"), ("to", "egress")):
        for rule in mappings(field(manifest.body, "spec", direction)):
            for selector in _pods_named(rule, side):
                peers = [
                    (pod, template) for pod, template in kit.pods(manifest.namespace) if template.taken_by(selector)
                ]
                if not peers:
                    yield f"an {direction} rule names pods that do not exist ({_said(selector)}): use others"
                for pod, template in peers if side == "to" else ():
                    yield from _not_let_in(pod, template, own, rule, kit)


def _not_let_in(
    pod: Manifest, template: PodTemplate, own: Sequence[PodTemplate], rule: Body, kit: Kit
) -> Iterator[str]:
    declared = {port.get("containerPort") for container in containers_of(pod) for port in container.ports}
    let_in = [
        port.get("port")
        for policy in kit.manifests
        if _is_for(policy, template)
        for other in mappings(field(policy.body, "spec", "ingress"))
        if any(all(one.taken_by(selector) for one in own) for selector in _pods_named(other, "from"))
        for port in mappings(other.get("ports"))
    ]
    for port in (port.get("port") for port in mappings(rule.get("ports"))):
        if isinstance(port, int) and port not in declared:
            yield f"an egress rule names port {port} of {pod.kind} {pod.name}, which does not declare it: see its ports"
        elif port not in let_in:
            yield f"an egress rule names port {port} of {pod.kind} {pod.name}, whose own policy lets nobody in: add it"


def _is_for(manifest: Manifest, template: PodTemplate) -> bool:
    return _is_policy(manifest) and template.taken_by(field(manifest.body, "spec", "podSelector"))


def _pods_named(rule: Body, side: str) -> list[Body]:
    return [
        peer["podSelector"] or {}
        for peer in mappings(rule.get(side))
        if "podSelector" in peer and "namespaceSelector" not in peer
    ]


def _said(selector: Body) -> str:
    labels = field(selector, "matchLabels") or {}
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "by an expression"


def _is_public_egress(side: str, peer: Body) -> bool:
    return side == "to" and set(field(peer, "ipBlock", "except") or ()) >= _PRIVATE


def _is_policy(manifest: Manifest) -> bool:
    return manifest.is_a("NetworkPolicy", "networking.k8s.io")


RULES: tuple[Rule, ...] = (
    policy_selects_pods,
    policy_says_both_directions,
    policy_names_peers_and_ports,
    pods_are_in_a_policy,
    peers_are_there_and_listen,
)
