"""NetworkPolicies: for pods that are there, and not open to everybody by an omission."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, field, mappings

__all__ = ["RULES"]

_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def policy_selects_pods(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The selector matches pods of the kit; an empty one is for all of the namespace."""
    wanted = field(manifest.body, "spec", "podSelector", "matchLabels")
    if not _is_policy(manifest) or not wanted:
        return
    if not any(template.selected_by(wanted) for _, template in kit.pods(manifest.namespace)):
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
                if field(peer, "ipBlock", "cidr") in _ANYWHERE:
                    yield f"an {direction} rule has {peer['ipBlock']['cidr']}, which is everybody: narrow it"
                if peer.get("namespaceSelector") == {} and not peer.get("podSelector"):
                    yield f"an {direction} rule has an empty namespaceSelector, which is every pod: name a namespace"


def _is_policy(manifest: Manifest) -> bool:
    return manifest.is_a("NetworkPolicy", "networking.k8s.io")


RULES: tuple[Rule, ...] = (policy_selects_pods, policy_says_both_directions, policy_names_peers_and_ports)
