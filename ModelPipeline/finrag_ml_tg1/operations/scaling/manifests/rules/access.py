"""RBAC: the verbs that are used, on objects of one namespace, for a subject that is there."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Body, Manifest, field, mappings

__all__ = ["CLUSTER_WIDE", "RULES"]

CLUSTER_WIDE = {
    "kserve-api-domain-claims": "ClusterDomainClaims have no namespace; only with KSERVE_API_DOMAIN_CLAIMS=create",
    "kserve-api-domain-owners": "likewise; an optional component, to tell who has a domain",
}
"""The rules that may hold in the whole cluster, and why."""

_RBAC = "rbac.authorization.k8s.io"
_VERBS = frozenset("get list watch create update patch delete deletecollection".split())
_MIGHTY = frozenset("bind escalate impersonate".split())
_PREDEFINED = frozenset({"cluster-admin", "admin", "edit"})


def no_wildcards(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A star gives what is not used, and what is added later."""
    for rule in _rules(manifest):
        for part in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
            if any("*" in str(value) for value in rule.get(part) or ()):
                yield f"a rule has * in {part}: name what is used"


def verbs_exist(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Verbs are those of the API; the ones that give more rights than one has are not given."""
    for rule in _rules(manifest):
        for verb in rule.get("verbs") or ():
            if verb in _MIGHTY:
                yield f"the verb {verb} gives rights that its holder does not have: remove it"
            elif verb not in _VERBS and verb != "*":
                yield f"the verb {verb} does not exist: write one of {', '.join(sorted(_VERBS))}"


def rules_are_whole(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A rule names groups, resources and verbs; names do not restrict verbs that ask for no name."""
    for rule in _rules(manifest):
        for part in ("apiGroups", "resources", "verbs"):
            if not rule.get(part) and not rule.get("nonResourceURLs"):
                yield f"a rule has no {part}, so it allows nothing: name them"
        unnamed = {"create", "deletecollection"} & set(rule.get("verbs") or ())
        if rule.get("resourceNames") and unnamed:
            yield f"resourceNames does not restrict {', '.join(sorted(unnamed))}: give it a rule of its own"


def verbs_are_given_once(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A verb that two rules give stays when it is taken out of one."""
    seen: set[tuple[object, ...]] = set()
    for rule in _rules(manifest):
        names = tuple(rule.get("resourceNames") or ())
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                for verb in rule.get("verbs") or ():
                    if (group, resource, verb, names) in seen:
                        yield f"{verb} on {resource} is given twice: remove one"
                    seen.add((group, resource, verb, names))


def nothing_holds_in_the_whole_cluster(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Roles, not ClusterRoles, but for what is listed here with its reason."""
    wide = manifest.group == _RBAC and manifest.kind in {"ClusterRole", "ClusterRoleBinding"}
    if wide and manifest.name not in CLUSTER_WIDE:
        yield "it holds in the whole cluster: write a Role for each namespace, or say in CLUSTER_WIDE why not"


def bindings_bind_what_is_there(manifest: Manifest, kit: Kit) -> Iterator[str]:
    """The role is in the kit (and none of Kubernetes' own mighty ones), and so is the service account."""
    if manifest.group != _RBAC or manifest.kind not in {"RoleBinding", "ClusterRoleBinding"}:
        return
    kind, name = (str(field(manifest.body, "roleRef", key) or "") for key in ("kind", "name"))
    if name in _PREDEFINED:
        yield f"it gives {name}, which is nearly everything: write a Role with the verbs that are used"
    elif not kit.has(kind, _RBAC, name, manifest.namespace if kind == "Role" else ""):
        yield f"there is no {kind} {name} beside it: see roleRef"
    subjects = mappings(manifest.body.get("subjects"))
    if not subjects:
        yield "it has no subjects, so it gives nobody anything: name a service account"
    for subject in subjects:
        if subject.get("kind") != "ServiceAccount":
            yield f"its subject is the {subject.get('kind')} {subject.get('name')}: name a service account"
            continue
        where = str(subject.get("namespace", ""))
        if not where:
            yield f"its subject {subject.get('name')} has no namespace: name it"
        elif not kit.has("ServiceAccount", "", str(subject.get("name")), where):
            yield f"there is no ServiceAccount {where}/{subject.get('name')}: see subjects"


def _rules(manifest: Manifest) -> list[Body]:
    if manifest.group != _RBAC:
        return []
    return mappings(manifest.body.get("rules"))


RULES: tuple[Rule, ...] = (
    no_wildcards,
    verbs_exist,
    rules_are_whole,
    verbs_are_given_once,
    nothing_holds_in_the_whole_cluster,
    bindings_bind_what_is_there,
)
