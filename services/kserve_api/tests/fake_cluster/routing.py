"""What a path asks for, as the API server's RequestInfo: kind, namespace, name, subresource, verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kserve_api.tests.fake_cluster.kinds import KINDS_BY_PATH, Kind

__all__ = ["Target", "target_of"]

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Target:
    """One request; `kind` is None for a path that names no served kind (`path` is then all that counts)."""

    path: str
    verb: str
    kind: Kind | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """Plural with subresource, as RBAC rules name it."""
        assert self.kind is not None
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural


def target_of(method: str, path: str, query: Mapping[str, str]) -> Target:
    """The target of a request; never fails."""
    verb = _VERBS.get(method, method.lower())
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Target(path, verb)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and (rest[2] not in ("status", "finalize") or len(rest) > 3):
        namespace, rest = rest[1], rest[2:]
    kind = KINDS_BY_PATH.get((group, version, rest[0]))
    if kind is None or len(rest) > 3 or (bool(namespace) and not kind.namespaced):
        return Target(path, verb)
    name = rest[1] if len(rest) > 1 else ""
    if not name:
        watches = query.get("watch", "").lower() in ("1", "true")
        verb = {"get": "watch" if watches else "list", "delete": "deletecollection"}.get(verb, verb)
    if kind.plural == "namespaces" and not group:
        namespace = name
    return Target(path, verb, kind, namespace, name, rest[2] if len(rest) > 2 else "")
