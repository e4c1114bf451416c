"""Who a token is, and what the Role and ClusterRole objects in the store let them do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from kserve_api.tests.fake_cluster.entry import Object
from kserve_api.tests.fake_cluster.kinds import Kind, kind_of
from kserve_api.tests.fake_cluster.routing import Target
from kserve_api.tests.fake_cluster.schemas import Json
from kserve_api.tests.fake_cluster.status_error import StatusError
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["ADMIN", "Access", "User", "denied", "load_manifests", "token_of"]

ADMIN = "admin"
_ROLES = "roles.rbac.authorization.k8s.io"
_CLUSTER_ROLES = "clusterroles.rbac.authorization.k8s.io"
_ROLE_BINDINGS = "rolebindings.rbac.authorization.k8s.io"
_CLUSTER_ROLE_BINDINGS = "clusterrolebindings.rbac.authorization.k8s.io"
_DISCOVERY = ("/api", "/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz")
_SELF_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews")


def token_of(account: str) -> str:
    """The token of `admin` or of a service account `namespace/name`."""
    return f"fake-{hashlib.sha256(account.encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class User:
    """A service account, or the administrator."""

    name: str
    groups: frozenset[str]


def load_manifests(paths: Iterable[Path]) -> Iterator[tuple[Kind, Object]]:
    """The objects of YAML files (folders: all their files) that are of a served kind, in their order.

    Raises ValueError on an object of a kind that the fake does not serve.
    """
    for path in paths:
        for file in sorted(path.glob("*.yaml")) if path.is_dir() else (path,):
            for item in yaml.safe_load_all(file.read_text()):
                if not item:
                    continue
                kind = kind_of(item["apiVersion"], item["kind"])
                if kind is None:
                    raise ValueError(f"{file}: {item['apiVersion']} {item['kind']} is not served by the fake cluster")
                yield kind, item


class Access:
    """Decides from the RBAC objects of the store; what it has worked out is kept until one of them changes."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._users: dict[str, User] = {}
        self._rules: dict[tuple[str, str], list[Object]] = {}
        self._admin = User("kubernetes-admin", frozenset({"system:masters", "system:authenticated"}))
        self._users[token_of(ADMIN)] = self._admin
        store.subscribe(self._changed)

    def who(self, token: str) -> User | None:
        """The user of a token: `admin`, or a ServiceAccount that exists in the store; None for any other token."""
        return self._users.get(token)

    def user(self, account: str) -> User:
        """The user of `admin`, `namespace/name`, or a service account's name where only one namespace has it.

        Raises KeyError when there is none.
        """
        return self._users[token_of(self.account(account))]

    def account(self, account: str) -> str:
        """The full name of an account; KeyError when there is none, or more than one."""
        if account == ADMIN or "/" in account:
            return account
        found = [
            f"{entry.object['metadata']['namespace']}/{account}"
            for entry in self._store.entries("serviceaccounts")
            if entry.object["metadata"]["name"] == account
        ]
        if len(found) != 1:
            raise KeyError(f"{len(found)} service accounts are named {account}")
        return found[0]

    def allowed(self, user: User, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """Whether a rule lets the user do it; `resource` may have a subresource (`pods/log`), an empty namespace means
        the cluster scope (all namespaces).
        """
        if "system:masters" in user.groups:
            return True
        if group == "authorization.k8s.io" and resource in _SELF_REVIEWS and verb == "create":
            return True
        return any(_covers(rule, verb, group, resource, name) for rule in self.rules(user, namespace))

    def allowed_path(self, user: User, verb: str, path: str) -> bool:
        """Whether the user may use a path that is no resource: discovery, health and version are everybody's."""
        if "system:masters" in user.groups or any(
            path == open_ or path.startswith(f"{open_}/") for open_ in _DISCOVERY
        ):
            return True
        return any(
            _has(rule.get("verbs"), verb)
            and any(path == url or (url.endswith("*") and path.startswith(url[:-1])) for url in rule["nonResourceURLs"])
            for rule in self.rules(user, "")
            if "nonResourceURLs" in rule
        )

    def rules(self, user: User, namespace: str) -> Sequence[Object]:
        """The rules that hold for a user in a namespace (empty: cluster-wide ones only)."""
        key = (user.name, namespace)
        if key not in self._rules:
            self._rules[key] = list(self._find_rules(user, namespace))
        return self._rules[key]

    def _find_rules(self, user: User, namespace: str) -> Iterator[Object]:
        for entry in self._store.entries(_CLUSTER_ROLE_BINDINGS):
            if _binds(entry.object, user):
                yield from self._role_rules(entry.object["roleRef"], "")
        if namespace:
            for entry in self._store.entries(_ROLE_BINDINGS, namespace):
                if _binds(entry.object, user):
                    yield from self._role_rules(entry.object["roleRef"], namespace)

    def _role_rules(self, reference: Object, namespace: str) -> Sequence[Object]:
        if reference["kind"] == "ClusterRole":
            role = self._store.find(_CLUSTER_ROLES, None, reference["name"])
        else:
            role = self._store.find(_ROLES, namespace, reference["name"])
        return (role or {}).get("rules") or []  # A binding to a role that does not exist grants nothing.

    def _changed(self, _change: str, key: str, item: Object) -> None:
        if key.endswith("rbac.authorization.k8s.io"):
            self._rules.clear()
        if key == "serviceaccounts":
            namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
            token = token_of(f"{namespace}/{name}")
            if _change == "DELETED":
                self._users.pop(token, None)
            else:
                groups = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"}
                self._users[token] = User(f"system:serviceaccount:{namespace}:{name}", frozenset(groups))


def _binds(binding: Object, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        name, kind = subject["name"], subject["kind"]
        if kind == "ServiceAccount":
            # A role binding's subject without a namespace is refused by Kubernetes; here it binds nobody.
            if user.name == f"system:serviceaccount:{subject.get('namespace')}:{name}":
                return True
        elif (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups):
            return True
    return False


def _has(values: Json, wanted: str) -> bool:
    return wanted in (values or ()) or "*" in (values or ())


def _covers(rule: Object, verb: str, group: str, resource: str, name: str) -> bool:
    if not (_has(rule.get("verbs"), verb) and _has(rule.get("apiGroups"), group)):
        return False
    resources = rule.get("resources") or ()
    _, slash, subresource = resource.partition("/")
    if resource not in resources and "*" not in resources and not (slash and f"*/{subresource}" in resources):
        return False
    names = rule.get("resourceNames")
    return not names or name in names


def denied(user: User, target: Target) -> StatusError:
    """403 Forbidden in Kubernetes's words."""
    if target.kind is None:
        message = f'forbidden: User "{user.name}" cannot {target.verb} path "{target.path}"'
        return StatusError(403, "Forbidden", message, {})
    kind = target.kind
    scope = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    named = f'{kind.key} "{target.name}"' if target.name else kind.key
    message = (
        f'{named} is forbidden: User "{user.name}" cannot {target.verb} resource "{target.resource}" '
        f'in API group "{kind.group}" {scope}'
    )
    details = {"name": target.name, "group": kind.group, "kind": kind.plural}
    return StatusError(403, "Forbidden", message, {field: value for field, value in details.items() if value})
